#!/usr/bin/env python3
"""Prints the expected numbers of the tests of log-spectral distance, mel-cepstral distortion, pitch and delay.

  python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 librosa==0.11.0
  venv/bin/python scripts/reference/make_companions_reference.py

Computed from the definitions in the headers with the building blocks of numpy, scipy and librosa (Fourier and cosine
transforms, mel filters, time warping, correlation). The test speech is a formula that tests/support/test_speech.h has too.
"""
from importlib.metadata import version

import librosa
import numpy as np
import scipy

TURN = 2 * np.pi


def speech(rate=16000, seconds=2.0, pitch=1.0, tempo=1.0, noise=0.002, seed=1):
    t = tempo * np.arange(int(rate * seconds)) / rate
    phase = pitch / tempo * (TURN * 140 * t + 40 / 0.8 * np.sin(TURN * 0.8 * t))
    voice = sum((1 + 0.6 * np.sin(TURN * (0.9 * t + 0.2 * k))) / k * np.sin(k * phase) for k in range(1, 11))
    uniform = np.empty(len(t))
    state = seed
    for i in range(len(t)):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        uniform[i] = (state >> 44) / 2**20
    sound = 0.15 * np.maximum(0, np.sin(TURN * 1.25 * t + 0.3)) * voice + noise * (2 * uniform - 1)
    return sound.astype(np.float32).astype(np.float64)


def disturbed(**options):
    return speech(**{"pitch": 1.05, "noise": 0.01, "seed": 2, **options})


def samples_in(seconds, rate):
    """Halves are rounded up."""
    return int(np.floor(seconds * rate + 0.5))


def powers(sound, rate, window_seconds, hop_seconds):
    window, hop = samples_in(window_seconds, rate), samples_in(hop_seconds, rate)
    points = scipy.fft.next_fast_len(1, real=True)
    while points < window:
        points *= 2
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[::hop]
    taper = scipy.signal.get_window("hann", window, fftbins=True)
    return np.abs(scipy.fft.rfft(frames * taper, points, axis=1)) ** 2, points


def log_spectral_distance(x, y, rate):
    length = min(len(x), len(y))
    p, q = (powers(s[:length], rate, 0.032, 0.008)[0] for s in (x, y))
    floor = 1e-8 * p.max()
    difference = librosa.power_to_db(np.maximum(p, floor), top_db=None, amin=1e-300) - librosa.power_to_db(
        np.maximum(q, floor), top_db=None, amin=1e-300)
    return np.sqrt((difference**2).mean(axis=1)).mean()


def cepstra(sound, rate):
    p, points = powers(sound, rate, 0.025, 0.010)
    filters = librosa.filters.mel(sr=rate, n_fft=points, n_mels=40, fmin=0, fmax=min(8000, rate / 2), htk=True, norm=None,
                                  dtype=np.float64)
    energies = p @ filters.T
    logs = np.log(np.maximum(energies, 1e-6 * energies.max()))
    frames = energies.sum(axis=1)
    return scipy.fft.dct(logs, type=2, axis=1)[:, 1:14] / (2 * 40), frames > 1e-4 * frames.max()


def mel_cepstral_distortion(x, y, rate, warped=False):
    if not warped:
        length = min(len(x), len(y))
        x, y = x[:length], y[:length]
    (a, counts), (b, _) = cepstra(x, rate), cepstra(y, rate)
    distances = 10 / np.log(10) * np.sqrt(2) * scipy.spatial.distance.cdist(a, b)
    if warped:
        path = librosa.sequence.dtw(C=distances)[1]
    else:
        path = np.stack([np.arange(len(a))] * 2, axis=1)
    return np.mean([distances[i, j] for i, j in path if counts[i]])


def track_pitch(sound, rate):
    window, lowest, highest = samples_in(0.025, rate), int(np.ceil(rate / 500)), rate // 50
    starts = range(0, len(sound) - window - highest + 1, samples_in(0.010, rate))
    loudness = np.array([np.sum(sound[s: s + window + highest] ** 2) for s in starts])
    track = np.full(len(loudness), np.nan)
    for frame, start in enumerate(starts):
        if loudness[frame] <= 1e-5 * loudness.max():
            continue
        d = np.zeros(highest + 1)
        for lag in range(highest + 1):
            first = start + (highest - lag) // 2
            d[lag] = np.sum((sound[first: first + window] - sound[first + lag: first + lag + window]) ** 2)
        d[1:] *= np.arange(1, highest + 1) / np.cumsum(d[1:])
        found = [lag for lag in range(lowest, highest + 1)
                 if d[lag] < 0.15 and (lag == highest or d[lag + 1] >= d[lag])]
        if found:
            lag = found[0]
            if lag < highest:
                a, b, _ = np.polyfit([-1, 0, 1], d[lag - 1: lag + 2], 2)
                lag = lag + (np.clip(-b / (2 * a), -1, 1) if a > 0 else 0)
            track[frame] = rate / lag
    return track


def pitch_errors(x, y):
    length = min(len(x), len(y))
    x, y = x[:length], y[:length]
    both = ~np.isnan(x) & ~np.isnan(y)
    difference = (y - x)[both]
    return (length, both.sum(), np.mean(np.isnan(x) != np.isnan(y)), np.sqrt(np.mean(difference**2)),
            np.sqrt(np.mean((1200 * np.log2(y[both] / x[both])) ** 2)), np.mean(np.abs(difference) > 0.2 * x[both]))


def delay(x, y, rate):
    """By the correlation of the samples alone, over all delays up to 500 ms."""
    products = scipy.signal.correlate(y, x, mode="full", method="fft")
    lags = scipy.signal.correlation_lags(len(y), len(x), mode="full")
    inside = np.abs(lags) <= rate // 2
    return lags[inside][np.argmax(products[inside])]


def main():
    print(" ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "librosa")))
    for rate in (8000, 16000, 44100):
        x, y = speech(rate=rate), disturbed(rate=rate)
        print(f"{rate} Hz: LSD {log_spectral_distance(x, y, rate):.9f} MCD {mel_cepstral_distortion(x, y, rate):.9f}"
              f" MCD-DTW {mel_cepstral_distortion(x, y, rate, warped=True):.9f}")
    x, fast = speech(), disturbed(tempo=1.2, seconds=1.7)
    print(f"tempo 1.2: LSD {log_spectral_distance(x, fast, 16000):.9f} MCD {mel_cepstral_distortion(x, fast, 16000):.9f}"
          f" MCD-DTW {mel_cepstral_distortion(x, fast, 16000, warped=True):.9f}")

    for rate in (8000, 16000, 44100):
        track = track_pitch(speech(rate=rate), rate)
        voiced = ~np.isnan(track)
        print(f"{rate} Hz: {len(track)} frames, {voiced.sum()} voiced, mean {track[voiced].mean():.6f} Hz, "
              + ", ".join(f"[{i}] {track[i]:.6f}" for i in (0, 10, 100, 150)))
        print("  errors: frames %d both %d voicing %.9f rmse %.6f Hz %.6f cents gross %.9f" % pitch_errors(
            track, track_pitch(disturbed(rate=rate), rate)))
        print("  errors of pitch 1.25: frames %d both %d voicing %.9f rmse %.6f Hz %.6f cents gross %.9f" % pitch_errors(
            track, track_pitch(disturbed(rate=rate, pitch=1.25), rate)))
        # The formula itself, at the middle of each frame.
        middle = (np.arange(len(track)) * samples_in(0.01, rate) + (samples_in(0.025, rate) + rate // 50) / 2) / rate
        truth = 140 + 40 * np.cos(TURN * 0.8 * middle)
        away = np.abs(1200 * np.log2(track / truth))[voiced]
        print(f"  against the formula: median {np.median(away):.2f} cents, greatest {away.max():.2f}")
        hop = samples_in(0.01, rate)
        yin = librosa.yin(speech(rate=rate), fmin=50, fmax=500, sr=rate, frame_length=round(0.045 * rate), hop_length=hop,
                          trough_threshold=0.15, center=False)[: len(track)]
        away = np.abs(1200 * np.log2(track[: len(yin)] / yin))[voiced[: len(yin)]]
        print(f"  against librosa.yin: median {np.median(away):.2f} cents, {np.sum(away > 50)} of {len(away)} beyond 50")

    x = speech()
    for shift in (-7000, -333, 0, 1, 4567):
        y = np.concatenate([disturbed(pitch=1.0), np.zeros(8000)])
        late = np.concatenate([np.zeros(shift), y]) if shift >= 0 else y[-shift:]
        print(f"delay {shift}: {delay(x, late, 16000)}")


if __name__ == "__main__":
    main()
