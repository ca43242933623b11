#!/usr/bin/env python3
"""Compares `lipsound2 score` with the Python packages `pesq` and `pystoi` on degraded speech of many kinds.

  python3 -m venv venv && venv/bin/pip install numpy scipy soundfile pesq==0.0.4 pystoi==0.4.1
  venv/bin/python scripts/compare_metrics.py --clean FOLDER... --out FOLDER --program build/release/lipsound2 --pairs 20

Clean sounds are 16 kHz mono WAV files, anywhere below the given folders (`ffmpeg -i clip.mpg -vn -ac 1 -ar 16000 clip.wav`). Pairs are drawn from (seed, kind, number), so that a
second run makes the same ones; those that lie in --out already, and the packages' scores of them, are kept. Codecs need ffmpeg.
For each metric and rate a Markdown table gives, by kind, the pairs that both programs scored, the share of them whose scores
differ by at most the two limits, and the largest difference. Pairs that only one of the programs scored are named.
"""
import argparse
import json
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

RATE = 16000
METRICS = {16000: ["pesq", "pesq-nb", "stoi", "estoi"], 8000: ["pesq-nb", "stoi", "estoi"]}
LIMITS = {"pesq": (0.01, 0.05), "pesq-nb": (0.01, 0.05), "stoi": (1e-4, 2e-4), "estoi": (1e-4, 2e-4)}


def energy_db(x):
    return 10 * np.log10(np.mean(x**2) + 1e-12)


def at_snr(speech, noise, snr_db):
    noise = np.resize(noise, len(speech))
    return speech + noise * 10 ** ((energy_db(speech) - energy_db(noise) - snr_db) / 20)


def encoded(x, rate, extension, options):
    """Through an encoder and back; the delay stays as the decoder leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y"]
        source, coded, back = (f"{folder}/{name}" for name in ("a.wav", "b." + extension, "c.wav"))
        soundfile.write(source, x, rate)
        subprocess.run([*quiet, "-i", source, *options, coded], check=True)
        subprocess.run([*quiet, "-i", coded, "-ar", str(rate), "-ac", "1", back], check=True)
        return soundfile.read(back)[0]


def white_noise(x, clean, rng):
    return at_snr(x, rng.normal(size=len(x)), rng.uniform(-5, 35))


def colored_noise(x, clean, rng):
    noise = signal.lfilter([1], [1, -rng.uniform(0.8, 0.99)], rng.normal(size=len(x)))
    return at_snr(x, noise * (1 + 0.9 * np.sin(np.arange(len(x)) * rng.uniform(0, 0.002))), rng.uniform(-5, 25))


def babble(x, clean, rng):
    return at_snr(x, sum(np.resize(clean[rng.integers(len(clean))], len(x)) for _ in range(5)), rng.uniform(-5, 25))


def opus(x, clean, rng):
    return encoded(x, RATE, "opus", ["-c:a", "libopus", "-b:a", f"{rng.integers(6, 33)}k"])


def mp3(x, clean, rng):
    return encoded(x, RATE, "mp3", ["-b:a", f"{rng.choice([8, 16, 24, 32])}k"])


def telephone_codec(x, clean, rng):
    low = signal.resample_poly(x, 1, 2)
    extension, options = [("wav", ["-c:a", "pcm_mulaw"]), ("wav", ["-c:a", "adpcm_ima_wav"]), ("gsm", ["-c:a", "libgsm"])][
        rng.integers(3)]
    return signal.resample_poly(encoded(low, RATE // 2, extension, options), 2, 1)


def reverberation(x, clean, rng):
    length = int(rng.uniform(0.1, 1.2) * RATE)
    room = rng.normal(size=length) * 10 ** (-3 * np.arange(length) / length) * rng.uniform(0.02, 0.3)
    room[0] = 1
    return signal.fftconvolve(x, room)[: len(x) if rng.random() < 0.5 else None]


def gain(x, clean, rng):
    y = x * 10 ** (rng.uniform(-30, 10) / 20)
    if rng.random() < 0.5:
        y *= 10 ** (rng.uniform(0, 10) / 20 * np.sin(np.arange(len(x)) * 2 * np.pi * rng.uniform(0.1, 3) / RATE))
    elif rng.random() < 0.5:
        y *= np.where(np.arange(len(x)) < rng.uniform(0.2, 0.8) * len(x), 1, 10 ** (rng.uniform(-20, 10) / 20))
    return at_snr(y, rng.normal(size=len(x)), rng.uniform(25, 50))


def fixed_delay(x, clean, rng):
    samples = int(rng.uniform(-0.25, 0.4) * RATE)
    y = np.concatenate([np.zeros(samples), x]) if samples > 0 else x[-samples:]
    return at_snr(y[: len(x) if rng.random() < 0.5 else None], rng.normal(size=len(x)), rng.uniform(10, 40))


def varying_delay(x, clean, rng):
    """Cuts and gaps, in pauses or in speech."""
    pieces, at = [], 0
    for cut in np.sort(rng.integers(0, len(x), rng.integers(1, 5))):
        pieces.append(x[at:cut])
        jump = int(rng.uniform(-0.1, 0.1) * RATE)
        if jump > 0:
            pieces.append(np.zeros(jump))
        at = max(cut, cut - jump)
    y = np.concatenate([*pieces, x[at:]])
    return at_snr(y, rng.normal(size=len(y)), rng.uniform(15, 40))


def clock_drift(x, clean, rng):
    factor = 1 + rng.uniform(-0.01, 0.01)
    y = np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x)
    return at_snr(y, rng.normal(size=len(y)), rng.uniform(20, 40))


def clipping(x, clean, rng):
    limit = np.quantile(np.abs(x), rng.uniform(0.6, 0.995))
    return np.clip(x, -limit, limit) * rng.uniform(0.5, 2)


def band_limit(x, clean, rng):
    low, high = rng.uniform(50, 500), rng.uniform(1500, 7000)
    return signal.sosfilt(signal.butter(rng.integers(1, 8), [low, high], "bandpass", fs=RATE, output="sos"), x)


def lost_packets(x, clean, rng):
    lost = np.repeat(rng.random(len(x) // 320 + 1) < rng.uniform(0.01, 0.3), 320)[: len(x)]
    return np.where(lost, 0, x)


def vocoder(x, clean, rng):
    """Phases from 8 or more Griffin-Lim iterations."""
    window, hop = 1024, 256
    magnitude = np.abs(signal.stft(x, nperseg=window, noverlap=window - hop)[2])
    y = rng.normal(size=len(x))
    for _ in range(rng.integers(2, 40)):
        phase = signal.stft(np.resize(y, len(x)), nperseg=window, noverlap=window - hop)[2]
        y = signal.istft(magnitude * phase / (np.abs(phase) + 1e-9), nperseg=window, noverlap=window - hop)[1][: len(x)]
    return y


def other_speech(x, clean, rng):
    return clean[rng.integers(len(clean))]


def echo_and_noise(x, clean, rng):
    y = x + rng.uniform(0.1, 0.7) * np.concatenate([np.zeros(2400), x])[: len(x)]
    return at_snr(np.tanh(rng.uniform(0.5, 8) * y), rng.normal(size=len(x)), rng.uniform(0, 40))


KINDS = [white_noise, colored_noise, babble, opus, mp3, telephone_codec, reverberation, gain, fixed_delay, varying_delay,
         clock_drift, clipping, band_limit, lost_packets, vocoder, other_speech, echo_and_noise]


def excerpt(sounds, rng):
    """Two to eight seconds of one sound, or of two with a pause between them."""
    x = sounds[rng.integers(len(sounds))]
    if rng.random() < 0.3:
        x = np.concatenate([x, np.zeros(int(rng.uniform(0, 1) * RATE)), sounds[rng.integers(len(sounds))]])
    length = int(rng.uniform(2, 8) * RATE)
    start = rng.integers(max(1, len(x) - length))
    return x[start : start + length]


def make_pairs(sounds, args, kind):
    """16 kHz pairs, and the same at 8 kHz, in one folder each."""
    for number in range(args.pairs):
        name = f"{kind.__name__}-{number:04}.wav"
        if all((args.out / str(rate) / "degraded" / name).exists() for rate in (16000, 8000)):
            continue
        rng = np.random.default_rng([args.seed, zlib.crc32(kind.__name__.encode()), number])
        x = excerpt(sounds, rng)
        y = kind(x, sounds, rng)
        for rate in (16000, 8000):
            for role, sound in (("reference", x), ("degraded", y)):
                sound = signal.resample_poly(sound, rate, RATE)
                sound = sound / max(1, np.abs(sound).max() / 0.99)
                soundfile.write(args.out / str(rate) / role / name, sound, rate)


def ours(args, rate):
    """Scores of `lipsound2 score` by file stem; None where there is none."""
    folder = args.out / str(rate)
    subprocess.run([args.program, "score", "--reference", folder / "reference", "--degraded", folder / "degraded",
                    "--metrics", ",".join(METRICS[rate]), "--json", folder / "ours.json"], check=True, stdout=subprocess.DEVNULL)
    return {clip["id"]: clip for clip in json.loads((folder / "ours.json").read_text())["clips"]}


def their_score(metric, rate, x, y):
    import pesq
    import pystoi

    if metric.startswith("pesq"):
        score = pesq.pesq(rate, x, y, "wb" if metric == "pesq" else "nb", pesq.PesqError.RETURN_VALUES)
        return None if score < 0 else float(score)
    length = min(len(x), len(y))  # as lipsound2 does; pystoi refuses other pairs
    score = pystoi.stoi(x[:length], y[:length], rate, extended=metric == "estoi")
    return None if score == 1e-5 else float(score)  # pystoi's value for too little speech


def theirs(args, rate):
    file = args.out / str(rate) / "theirs.json"
    scores = json.loads(file.read_text()) if file.exists() else {}
    for degraded in sorted((args.out / str(rate) / "degraded").glob("*.wav")):
        row = scores.setdefault(degraded.stem, {})
        for metric in METRICS[rate]:
            if metric not in row:
                x, y = (soundfile.read(args.out / str(rate) / role / degraded.name)[0] for role in ("reference", "degraded"))
                row[metric] = their_score(metric, rate, x, y)
    file.write_text(json.dumps(scores))
    return scores


def print_table(our_scores, their_scores, metric, rate):
    kinds = {}
    for name, row in their_scores.items():
        our, their = our_scores[name].get(metric), row[metric]
        if (our is None) != (their is None):
            print(f"only one score of {name}: ours {our}, theirs {their}")
        elif our is not None:
            kinds.setdefault(name.rsplit("-", 1)[0], []).append((abs(our - their), name))
    kinds["all"] = [pair for pairs in kinds.values() for pair in pairs]
    low, high = LIMITS[metric]
    print(f"\n{metric} at {rate} Hz\n\n| kind | pairs | <= {low:g} | <= {high:g} | largest | of |\n|---|---|---|---|---|---|")
    for kind, pairs in kinds.items():
        shares = [100 * np.mean([difference <= limit for difference, _ in pairs]) for limit in (low, high)]
        largest, name = max(pairs)
        print(f"| {kind.replace('_', ' ')} | {len(pairs)} | {shares[0]:.1f} % | {shares[1]:.1f} % | {largest:.2g} | {name} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clean", type=Path, nargs="+", required=True, help="folders of clean 16 kHz WAV files")
    parser.add_argument("--out", type=Path, required=True, help="where pairs and scores are written")
    parser.add_argument("--program", required=True, help="the lipsound2 program")
    parser.add_argument("--pairs", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sounds = [soundfile.read(file)[0] for folder in args.clean for file in sorted(folder.rglob("*.wav"))]
    for rate in METRICS:
        for role in ("reference", "degraded"):
            (args.out / str(rate) / role).mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        make_pairs(sounds, args, kind)
    for rate, metrics in METRICS.items():
        our_scores, their_scores = ours(args, rate), theirs(args, rate)
        for metric in metrics:
            print_table(our_scores, their_scores, metric, rate)


if __name__ == "__main__":
    main()
