#!/usr/bin/env python3
"""Times lipsound2's beam search and its reader of ARPA files beside the Python packages pyctcdecode and kenlm, alternating, on the machine it runs on.

    .venv/bin/pip install kenlm==0.3.0 pyctcdecode==0.5.0
    .venv/bin/python scripts/compare_beam_search.py --run RUN --manifest MANIFEST [--split test] [--program build/release/lipsound2] [--json out.json]
    .venv/bin/python scripts/compare_beam_search.py --arpa MODEL --test TEXT

The first searches the log-probabilities that a recognizer's run gives for a split's sounds, with an n-gram model of the training texts, and compares times
and word errors, with pruning (texts 10 nats below the best, and in pyctcdecode symbols below ln p = -5, as is its default) and without. The second reads a model
and scores the sentences of a text. Each side is a process of one thread; its search, or its reading of the model, is timed. Run it with nothing else on the machine.
"""

import argparse
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
FRAME_SECONDS = 0.02
UNPRUNED = {"beam_prune_logp": -1e9, "token_min_logp": -1e9}


def read_safetensors(path):
    import numpy

    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, base = json.loads(data[8 : 8 + length]), 8 + length
    about = header.pop("__metadata__", {})
    spans = {name: (entry["shape"], *entry["data_offsets"]) for name, entry in header.items()}
    return {name: numpy.frombuffer(data[base + begin : base + end], "<f4").reshape(shape) for name, (shape, begin, end) in spans.items()}, about


def word_errors(references, texts):
    """Percent of the reference's words."""
    errors = words = 0
    for reference, text in zip(references, texts):
        reference, text = reference.split(), text.split()
        row = list(range(len(text) + 1))
        for i, word in enumerate(reference, 1):
            last, row[0] = row[0], i
            for j, other in enumerate(text, 1):
                last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
        errors, words = errors + row[-1], words + len(reference)
    return 100 * errors / words


def run_pyctcdecode(task):
    """In a process of its own: seconds, texts."""
    from pyctcdecode import build_ctcdecoder

    clips, about = read_safetensors(task["log_probs"])
    words = sorted({word for line in open(task["text"]) for word in line.split()})
    decoder = build_ctcdecoder([*about["symbols"], ""], task["lm"], words, alpha=task["alpha"], beta=task["beta"])
    options = UNPRUNED if task["unpruned"] else {}
    start = time.perf_counter()
    texts = {name: decoder.decode(frames, beam_width=task["beam"], **options) for name, frames in clips.items()}
    return dict(seconds=time.perf_counter() - start, texts=texts)


def run_kenlm(task):
    import kenlm

    start = time.perf_counter()
    model = kenlm.Model(task["arpa"])
    seconds = time.perf_counter() - start
    return dict(seconds=seconds, scores=[model.score(line.strip()) for line in open(task["test"]) if line.strip()])


def package(name, **task):
    command = [sys.executable, __file__, "--package", name, "--task", json.dumps(task)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | ONE_THREAD)
    return json.loads(run.stdout)


def ours(program, *arguments):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([program, *map(str, arguments), "--json", file.name], check=True, stdout=subprocess.DEVNULL, env=os.environ | ONE_THREAD)
        return json.loads(pathlib.Path(file.name).read_text())


def extract_sounds(manifest, split, folder):
    """Links of ids to texts, with a sound <id>.flac in the folder for each; all training texts in text.txt."""
    entries = [json.loads(line) for line in open(manifest)]
    (folder / "text.txt").write_text("".join(entry["text"] + "\n" for entry in entries if entry["split"] == "train"))
    chosen = {entry["id"]: entry for entry in entries if entry["split"] == split}
    for shard in sorted({entry["shard"] for entry in chosen.values()}):
        with tarfile.open(pathlib.Path(manifest).parent / shard) as archive:
            for member in archive:
                name = member.name.removesuffix(".flac")
                if name in chosen and name != member.name:
                    (folder / (name.replace("/", "_") + ".flac")).write_bytes(archive.extractfile(member).read())
    return {str(folder / (name.replace("/", "_") + ".flac")): entry["text"] for name, entry in chosen.items()}


def report(label, results, better):
    seconds = [result["seconds"] for result in results]
    print(f"{label}: {statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f}){better}", flush=True)
    return statistics.median(seconds)


def compare_search(flags, folder):
    references = extract_sounds(flags.manifest, flags.split, folder)
    frames, model = folder / "frames.safetensors", folder / "model.arpa"
    ours(flags.program, "transcribe", *references, "--run", flags.run, "--log-probs", frames)
    ours(flags.program, "lm", folder / "text.txt", "--order", flags.order, "--out", model)
    clips, _ = read_safetensors(frames)
    sound = FRAME_SECONDS * sum(len(clip) for clip in clips.values())
    sides = {"lipsound2": [], "lipsound2 without pruning": [], "pyctcdecode": [], "pyctcdecode without pruning": []}
    search = dict(beam=flags.beam, alpha=flags.alpha, beta=flags.beta)
    for round_number in range(flags.rounds):
        for name, prune in (("lipsound2", ("--prune", 10)), ("lipsound2 without pruning", ())):
            found = ours(flags.program, "decode", frames, "--lm", model, *prune, *(part for key, value in search.items() for part in ("--" + key, value)))
            sides[name].append(dict(seconds=found["seconds_searching"], texts={clip["id"]: clip["text"] for clip in found["clips"]}))
        kinds = {"pyctcdecode": False} | ({} if round_number else {"pyctcdecode without pruning": True})  # that one is slow
        for name, unpruned in kinds.items():
            sides[name].append(package("pyctcdecode", log_probs=str(frames), lm=str(model), text=str(folder / "text.txt"), unpruned=unpruned, **search))
    print(f"{len(clips)} clips, {sound:.1f} s of sound; {flags.order}-gram, beam {flags.beam}, alpha {flags.alpha}, beta {flags.beta}")
    table = {}
    for name, results in sides.items():
        errors = word_errors(references.values(), [results[0]["texts"][file] for file in references])
        fastest = sound / statistics.median(result["seconds"] for result in results)
        seconds = report(name, results, f", {fastest:.0f} times real time, WER {errors:.2f} %")
        table[name] = dict(seconds=seconds, real_time=fastest, wer=errors)
    return table


def compare_reading(flags):
    sides = {"lipsound2": [], "kenlm": []}
    for _ in range(flags.rounds):
        found = ours(flags.program, "lm", "--model", flags.arpa, "--test", flags.test)["test"]
        sides["lipsound2"].append(dict(seconds=found["seconds_reading"], scores=found["sentences_log10"]))
        sides["kenlm"].append(package("kenlm", arpa=flags.arpa, test=flags.test))
    apart = max(abs(a - b) for a, b in zip(*(results[0]["scores"] for results in sides.values()), strict=True))
    medians = {name: report(f"{flags.arpa}: {name}", results, "") for name, results in sides.items()}
    print(f"greatest difference of {len(sides['kenlm'][0]['scores'])} sentences: {apart:.1e}, least score {min(sides['kenlm'][0]['scores']):.1f}")
    return medians | dict(difference=apart)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/lipsound2")
    for name in ("run", "manifest", "arpa", "test", "json"):
        parser.add_argument("--" + name)
    parser.add_argument("--split", default="test")
    for name, value in (("order", 3), ("beam", 128), ("rounds", 3)):
        parser.add_argument("--" + name, type=int, default=value)
    for name in ("alpha", "beta"):
        parser.add_argument("--" + name, type=float, default=0.5)
    parser.add_argument("--package", choices=("kenlm", "pyctcdecode"), help=argparse.SUPPRESS)
    parser.add_argument("--task", type=json.loads, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.package:
        print(json.dumps(run_kenlm(flags.task) if flags.package == "kenlm" else run_pyctcdecode(flags.task)))
        return
    if not (flags.run and flags.manifest) and not (flags.arpa and flags.test):
        parser.error("--run and --manifest, or --arpa and --test are needed")
    results = {}
    if flags.run:
        with tempfile.TemporaryDirectory() as folder:
            results["search"] = compare_search(flags, pathlib.Path(folder))
    if flags.arpa:
        results["reading"] = compare_reading(flags)
    if flags.json:
        pathlib.Path(flags.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
