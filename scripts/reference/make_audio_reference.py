#!/usr/bin/env python3
"""Prints the expected numbers of the audio, vocoder and eval tests.

  python3 -m venv venv && venv/bin/pip install librosa==0.11.0 pystoi==0.4.1
  venv/bin/python scripts/reference/make_audio_reference.py

The test signals are formulas, so that the C++ tests can make the same ones.
"""
import librosa
import numpy as np
import pystoi
from importlib.metadata import version

RATE = 16000


def voice(rate, seconds):
    """A chirp from 150 Hz upward whose loudness rises and falls three times a second."""
    t = np.arange(int(rate * seconds)) / rate
    return 0.5 * np.sin(2 * np.pi * (150 * t + 400 * t**2)) * (0.55 + 0.45 * np.sin(2 * np.pi * 3 * t))


def disturbed(rate, seconds):
    """The voice under a second, faster chirp."""
    t = np.arange(int(rate * seconds)) / rate
    return voice(rate, seconds) + 0.3 * np.sin(2 * np.pi * (3000 * t - 450 * t**2))


def log_mel(samples):
    filters = librosa.filters.mel(sr=RATE, n_fft=1024, n_mels=80, fmin=0, fmax=8000)
    spectrum = librosa.stft(samples, n_fft=1024, win_length=640, hop_length=160, pad_mode="reflect")
    return np.log(np.maximum(filters @ np.abs(spectrum), 1e-5))[:, : len(samples) // 160].T


def main():
    for name in ("librosa", "pystoi", "numpy"):
        print(name, version(name))
    filters = librosa.filters.mel(sr=RATE, n_fft=1024, n_mels=80, fmin=0, fmax=8000)
    for band, bin_ in ((0, 1), (0, 2), (10, 26), (40, 110), (79, 500)):
        print(f"filters[{band}][{bin_}] = {filters[band, bin_]:.9g}")
    print(f"filters sum = {filters.sum(dtype=np.float64):.9g}")

    mel = log_mel(voice(RATE, 1).astype(np.float32))
    print("mel shape", mel.shape, f"mean {mel.mean(dtype=np.float64):.6f}")
    for frame, band in ((0, 0), (0, 5), (50, 10), (50, 70), (99, 20), (99, 79)):
        print(f"mel[{frame}][{band}] = {mel[frame, band]:.6f}")

    magnitude = np.maximum(0, np.linalg.pinv(filters) @ np.exp(mel.T))
    sound = librosa.griffinlim(magnitude, n_iter=32, hop_length=160, win_length=640, n_fft=1024,
                               momentum=0.99, random_state=1)
    inner = slice(2, 97)  # librosa gives back one hop less
    print(f"mel distance after Griffin-Lim {np.abs(log_mel(sound)[inner] - mel[inner]).mean():.4f}")

    for rate in (10000, 16000, 44100):
        clean, degraded = voice(rate, 2), disturbed(rate, 2)
        clean, degraded = clean.astype(np.float32), degraded.astype(np.float32)
        print(f"{rate} Hz: stoi {pystoi.stoi(clean.astype(float), degraded.astype(float), rate):.9f}"
              f" estoi {pystoi.stoi(clean.astype(float), degraded.astype(float), rate, extended=True):.9f}")


if __name__ == "__main__":
    main()
