#!/usr/bin/env python3
"""Prints the expected numbers of tests/eval/pesq_test.cpp.

  python3 -m venv venv && venv/bin/pip install numpy pesq==0.0.4
  venv/bin/python scripts/reference/make_pesq_reference.py

The test signals are formulas, so that the C++ tests can make the same ones.
"""
from importlib.metadata import version

import numpy as np
import pesq


def talk(rate, seconds):
    """Harmonics of a gliding pitch in syllables, four a second, with a pause of half a second after every 1.5 seconds."""
    t = np.arange(int(rate * seconds)) / rate
    phase = 2 * np.pi * (120 * t + 3 * np.sin(2 * np.pi * 0.7 * t))
    tone = sum(np.sin(k * phase) / k for k in range(1, 25))
    return np.where(t % 2 < 1.5, 0.2 * np.sin(2 * np.pi * 2 * t) ** 2 * tone, 0)


def buzzing(rate, seconds):
    """The talk under a steady chirp."""
    t = np.arange(int(rate * seconds)) / rate
    return talk(rate, seconds) + 0.02 * np.sin(2 * np.pi * (300 * t + 100 * t**2))


def late(rate, seconds):
    """The buzzing talk, 50 ms late and, from the second pause on, 80 ms."""
    first, second = np.zeros(rate // 20), np.zeros(rate * 3 // 100)
    sound = buzzing(rate, seconds)
    cut = rate * 7 // 4
    return np.concatenate([first, sound[:cut], second, sound[cut:]])


def hiss(rate, seconds):
    """Noise without a pause: one utterance."""
    chaos = 43758.5453 * np.sin(12.9898 * np.arange(int(rate * seconds)))
    return 0.2 * (chaos - np.floor(chaos) - 0.5)


def interrupted(rate, seconds, place_ms):
    """The hiss, from a place on 60 ms late."""
    sound = hiss(rate, seconds)
    cut = rate * place_ms // 1000
    return np.concatenate([sound[:cut], np.zeros(rate * 6 // 100), sound[cut:]])


def main():
    for name in ("pesq", "numpy"):
        print(name, version(name))
    for rate, mode in ((8000, "nb"), (16000, "nb"), (16000, "wb")):
        for degraded in (talk, buzzing, late):
            pair = [f(rate, 6).astype(np.float32) for f in (talk, degraded)]
            print(f"{rate} {mode} {degraded.__name__}: {pesq.pesq(rate, *pair, mode):.6f}")
    for seconds, place_ms in ((3, 1830), (4.2, 1830), (5, 1890)):
        pair = [sound.astype(np.float32) for sound in (hiss(8000, seconds), interrupted(8000, seconds, place_ms))]
        print(f"8000 nb interrupted, {seconds} s, {place_ms} ms: {pesq.pesq(8000, *pair, 'nb'):.6f}")


if __name__ == "__main__":
    main()
