#!/usr/bin/env python3
"""Clips per second of the loader beside PyTorch's DataLoader with webdataset and OpenCV: same shards, crops and mel, two workers each.

    python3 -m venv --system-site-packages /tmp/compare && /tmp/compare/bin/pip install torch webdataset opencv-python-headless soundfile numpy
    /tmp/compare/bin/python scripts/compare_loader.py build/release/lipsound2 CORPUS/manifest.jsonl [--config pretrain.yaml] [--rounds 3]

Both sides decode every clip of the training split once per round, in turn, and keep nothing. Prints each round, the medians and their ratio.
"""

import argparse
import io
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import cv2
import numpy as np
import soundfile
import torch
import webdataset

SIZES = {"pretrain.yaml": (112, 112, True), "grid_s1_small.yaml": (72, 64, False)}  # resized to, cut to, color


def mel_filters(bands=80, fft=1024, rate=16000, high=8000.0):
    """Slaney's scale and area, as docs and src/audio/mel.cpp."""
    log_step = np.log(6.4) / 27
    to_hz = lambda m: np.where(m < 15, m * 200 / 3, 1000 * np.exp(log_step * (m - 15)))
    edges = to_hz(np.linspace(0, 15 + np.log(high / 1000) / log_step, bands + 2))
    hz = np.arange(fft // 2 + 1) * rate / fft
    rise = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return torch.from_numpy((np.maximum(0, np.minimum(rise, fall)) * area[:, None]).T.astype(np.float32))


class Decoder:
    def __init__(self, resize_to, size, color):
        self.resize_to, self.size, self.color = resize_to, size, color
        self.filters = mel_filters()
        self.window = torch.hann_window(640)
        self.random = np.random.default_rng(1)

    def pictures(self, clip):
        sizes = json.loads(clip["json"])["faces"]
        stream, place, faces = np.frombuffer(clip["faces.mjpeg"], np.uint8), 0, []
        for size in sizes:
            flag = cv2.IMREAD_COLOR_RGB if self.color else cv2.IMREAD_GRAYSCALE
            face = cv2.imdecode(stream[place:place + size], flag)
            if face.shape[0] != self.resize_to:
                face = cv2.resize(face, (self.resize_to, self.resize_to), interpolation=cv2.INTER_AREA)
            faces.append(face)
            place += size
        return np.stack(faces)

    def changed(self, faces):
        """Cut, mirror, contrast and brightness, as the defaults of data.augment."""
        room = self.resize_to - self.size + 1
        top, left = self.random.integers(room, size=2)
        faces = faces[:, top:top + self.size, left:left + self.size]
        if self.random.random() < 0.5:
            faces = faces[:, :, ::-1]
        rows = np.ascontiguousarray(faces).reshape(-1, self.size, *faces.shape[3:])  # what OpenCV takes as one picture
        mean, contrast = np.array(cv2.mean(rows)[:3 if self.color else 1]), 1 + 0.2 * self.random.uniform(-1, 1)
        tones = (np.arange(256)[:, None] - mean) * contrast + mean + 255 * 0.2 * self.random.uniform(-1, 1)
        tones = np.clip(np.rint(tones), 0, 255).astype(np.uint8).reshape(1, 256, -1)
        changed = torch.from_numpy(cv2.LUT(rows, tones)).view(len(faces), self.size, self.size, -1)
        return changed.permute(3, 0, 1, 2).contiguous()

    def mel(self, flac):
        samples, _ = soundfile.read(io.BytesIO(flac), dtype="float32")
        spectrum = torch.stft(torch.from_numpy(samples), 1024, 160, 640, self.window, center=True, return_complex=True)
        return (spectrum.abs().T[:-1] @ self.filters).clamp_min(1e-5).log()

    def __call__(self, clip):
        return self.changed(self.pictures(clip)), self.mel(clip["flac"])


def padded(clips):
    faces, mels = zip(*clips)
    longest = max(f.shape[1] for f in faces)
    batch = torch.zeros(len(faces), faces[0].shape[0], longest, *faces[0].shape[2:], dtype=torch.uint8)
    for place, clip in zip(batch, faces):
        place[:, :clip.shape[1]] = clip
    return batch, torch.nn.utils.rnn.pad_sequence(mels, batch_first=True)


def run_theirs(shards, sizes, batch, clips):
    """Clips per second from the first batch on: starting Python's workers is not counted. Ours is counted from its start."""
    data = webdataset.WebDataset(shards, shardshuffle=False, nodesplitter=None).map(Decoder(*sizes))
    loader = torch.utils.data.DataLoader(data.batched(batch, collation_fn=padded, partial=True), batch_size=None, num_workers=2)
    batches = iter(loader)
    taken = len(next(batches)[0])
    begin, counted = time.perf_counter(), 0
    for faces, _ in batches:
        counted += len(faces)
    if taken + counted != clips:
        raise SystemExit(f"expected {clips} clips from the shards, found {taken + counted}")
    return counted / (time.perf_counter() - begin)


def run_ours(program, manifest, config, batch):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([program, "bench", "loader", "--config", config, "--set", f"data.manifest={manifest}", "--set", "data.threads=2",
                        "--set", f"data.batch_size={batch}", "--json", file.name], check=True, stdout=subprocess.DEVNULL)
        found = json.load(open(file.name))
    return found["loader"]["clips per second"], found["share of bare decoding"]


def train_shards(manifest, folder):
    """Shards of the training clips alone, so that both sides read the same ones."""
    entries = [json.loads(line) for line in open(manifest)]
    wanted = [e for e in entries if e["split"] == "train"]
    root, shards, lines = pathlib.Path(manifest).parent, [], []
    for k in range(8):
        path, place = folder / f"{k:05}.tar", 0
        with open(path, "wb") as out:
            for entry in wanted[k::8]:
                with open(root / entry["shard"], "rb") as source:
                    source.seek(entry["offset"])
                    out.write(source.read(entry["bytes"]))
                lines.append({**entry, "shard": path.name, "offset": place})
                place += entry["bytes"]
            out.write(bytes(1024))
        shards.append(str(path))
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    return shards, len(wanted)


def main():
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("program")
    flags.add_argument("manifest")
    flags.add_argument("--config", default="pretrain.yaml", choices=sorted(SIZES))
    flags.add_argument("--batch", type=int, default=16)
    flags.add_argument("--rounds", type=int, default=3)
    chosen = flags.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        shards, clips = train_shards(chosen.manifest, pathlib.Path(folder))
        ours, theirs, shares = [], [], []
        for _ in range(chosen.rounds):
            speed, share = run_ours(chosen.program, f"{folder}/manifest.jsonl", chosen.config, chosen.batch)
            ours.append(speed)
            shares.append(share)
            theirs.append(run_theirs(shards, SIZES[chosen.config], chosen.batch, clips))
            print(f"lipsound2 {ours[-1]:.1f} clips/s ({share:.0%} of bare decoding), DataLoader {theirs[-1]:.1f} clips/s", flush=True)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"{chosen.config}, {clips} clips: median {statistics.median(ours):.1f} and {statistics.median(theirs):.1f} clips/s, "
          f"{ratio:.2f} times; {statistics.median(shares):.0%} of bare decoding")


if __name__ == "__main__":
    main()
