#!/usr/bin/env python3
"""Prints the golden mel of `lipsound2 doctor`: the mean log mel of a one-second chirp, by librosa 0.11.0 (pip install librosa==0.11.0)."""

import librosa
import numpy as np

t = np.arange(16000) / 16000
chirp = (0.5 * np.sin(2 * np.pi * (200 * t + 1400 * t * t))).astype(np.float32)
spectrum = np.abs(librosa.stft(chirp, n_fft=1024, hop_length=160, win_length=640, window="hann", center=True, pad_mode="reflect"))
filters = librosa.filters.mel(sr=16000, n_fft=1024, n_mels=80, fmin=0, fmax=8000, htk=False, norm="slaney")
print(librosa.__version__, np.log(np.maximum(filters @ spectrum, 1e-5))[:, :100].mean())
