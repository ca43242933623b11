#!/usr/bin/env python3
"""Resident memory of the loader over an epoch of a synthetic corpus of very many, very short clips (4.6 KB each).

    /tmp/compare/bin/python scripts/check_loader_memory.py build/release/lipsound2 [--clips 1100000] [--folder /tmp/many] [--access sequential]

Needs numpy, OpenCV and soundfile (see compare_loader.py). Prints what `bench loader` found; fails when memory grew by more than a tenth
after the first tenth of the epoch, or a clip did not come. The corpus is kept in the folder and taken up again.
"""

import argparse
import io
import json
import pathlib
import subprocess
import tarfile
import zlib

import cv2
import numpy as np
import soundfile

CLIPS_PER_SHARD = 5000
FRAMES, SIDE, RATE = 2, 16, 16000


def member(name, content):
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(content), 0
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


def write_corpus(folder, clips):
    (folder / "shards").mkdir(parents=True, exist_ok=True)
    picture = cv2.imencode(".jpg", np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE))[1].tobytes()
    sound = io.BytesIO()
    samples = FRAMES * RATE // 25
    soundfile.write(sound, np.zeros(samples), RATE, format="FLAC", subtype="PCM_16")
    with open(folder / "manifest.jsonl", "w") as manifest:
        for first in range(0, clips, CLIPS_PER_SHARD):
            shard = f"shards/{first // CLIPS_PER_SHARD:05}.tar"
            with open(folder / shard, "wb") as out:
                for clip in range(first, min(first + CLIPS_PER_SHARD, clips)):
                    speaker = f"id{clip // 185:05}"
                    fields = {"id": f"{speaker}/{clip // 8 % 24:011x}/{clip:07}", "speaker": speaker, "split": "train", "text": "",
                              "frames": FRAMES, "fps": 25.0, "samples": samples, "rate": RATE, "note": ""}
                    stored = json.dumps({**fields, "faces": [len(picture)] * FRAMES}, separators=(",", ":")).encode() + b"\n"
                    data = (member(fields["id"] + ".json", stored) + member(fields["id"] + ".faces.mjpeg", picture * FRAMES)
                            + member(fields["id"] + ".flac", sound.getvalue()))
                    place = {"shard": shard, "offset": out.tell(), "bytes": len(data), "crc32": zlib.crc32(data)}
                    manifest.write(json.dumps({**fields, **place}, separators=(",", ":")) + "\n")
                    out.write(data)
                out.write(bytes(1024))


def main():
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("program")
    flags.add_argument("--clips", type=int, default=1100000)
    flags.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/many"))
    flags.add_argument("--access", default="sequential", choices=["sequential", "indexed"])
    chosen = flags.parse_args()
    if not (chosen.folder / "manifest.jsonl").exists():
        write_corpus(chosen.folder, chosen.clips)
    results = chosen.folder / "bench.json"
    subprocess.run([chosen.program, "bench", "loader", "--config", "tiny.yaml", "--clips", str(chosen.clips), "--json", str(results),
                    "--set", f"data.manifest={chosen.folder}/manifest.jsonl", "--set", f"data.access={chosen.access}"], check=True)
    found = json.loads(results.read_text())["loader"]
    before, after = found["resident MB"]["after a tenth"], found["resident MB"]["at the end"]
    if found["clips"] != chosen.clips or after > 1.1 * before:
        raise SystemExit(f"expected {chosen.clips} clips in memory that stays flat, found {found['clips']:.0f} clips, {before:.0f} and {after:.0f} MB")


if __name__ == "__main__":
    main()
