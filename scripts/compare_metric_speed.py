#!/usr/bin/env python3
"""Times `lipsound2 score` beside the Python packages pystoi and pesq, alternating, on the machine it runs on.

    .venv/bin/pip install pystoi==0.4.1 pesq==0.0.4
    .venv/bin/python scripts/compare_metric_speed.py --reference DIR --degraded DIR [--program build/release/lipsound2]
        [--pairs 400] [--many 10000] [--rounds 3] [--json out.json]

The folders hold wav files of one channel in 16 bits, paired by file stem; they are linked to under other names until there are so many pairs. Each side is
one process of one thread and reads the same files. Of lipsound2 the whole process counts, of Python only the loop over the pairs. Both sides compute STOI
and ESTOI. Then two threads beside one over --many pairs, and the peak memory over 100 and over so many. Run it with nothing else on the machine.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import wave

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
PESQ_MODES = {8000: "nb", 16000: "wb"}


def read_wav(path):
    import numpy

    with wave.open(str(path)) as file:
        if file.getnchannels() != 1 or file.getsampwidth() != 2:
            sys.exit(f"{path}: expected one channel of 16 bits")
        return file.getframerate(), numpy.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def package_scores(metrics):
    """What the package computes of (rate, reference, degraded), in the order of the metrics."""
    if metrics == "pesq":
        from pesq import pesq

        return lambda rate, x, y: [pesq(rate, x, y, PESQ_MODES[rate])]
    from pystoi import stoi

    return lambda rate, x, y: [stoi(x, y, rate, extended=False), stoi(x, y, rate, extended=True)]


def run_package(metrics, folder):
    """In a process of its own: seconds and mean scores."""
    score, rows = package_scores(metrics), []
    files = sorted((folder / "reference").iterdir())
    start = time.perf_counter()
    for file in files:
        rate, x = read_wav(file)
        other_rate, y = read_wav(folder / "degraded" / file.name)
        if rate != other_rate:
            sys.exit(f"{file}: the two rates differ")
        length = min(len(x), len(y))
        rows.append(score(rate, x[:length], y[:length]))
    seconds = time.perf_counter() - start
    return dict(seconds=seconds, means=[statistics.fmean(column) for column in zip(*rows)])


def time_package(metrics, folder):
    command = [sys.executable, __file__, "--package", metrics, "--folder", str(folder)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD).stdout)


def time_ours(program, metrics, folder, jobs=1):
    """Seconds and mean scores, and the greatest resident memory in MiB."""
    table = folder / "scores.json"
    command = [program, "score", "--reference", folder / "reference", "--degraded", folder / "degraded", "--metrics", metrics, "--jobs", str(jobs), "--json", table]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | ONE_THREAD)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}")
    means = json.loads(table.read_text())["metrics"]
    return dict(seconds=seconds, means=[means[name]["mean"] for name in metrics.split(",")], mib=usage.ru_maxrss / 1024)


def link_pairs(flags, count, folder):
    """A folder with `count` pairs: links to the given files, over and over."""
    references = sorted(pathlib.Path(flags.reference).resolve().glob("*.wav"))
    degraded = pathlib.Path(flags.degraded).resolve()
    if not references:
        sys.exit(f"{flags.reference}: holds no wav")
    for side in ("reference", "degraded"):
        (folder / side).mkdir(parents=True)
    for i in range(count):
        file = references[i % len(references)]
        if not (degraded / file.name).exists():
            sys.exit(f"{file}: no such file in {degraded}")
        (folder / "reference" / f"{i:06}.wav").symlink_to(file)
        (folder / "degraded" / f"{i:06}.wav").symlink_to(degraded / file.name)
    return folder


def compare(labels, runs, pairs, rounds):
    """Alternates the two runs; prints pairs per second and how many times as fast the first is."""
    results = [[], []]
    for _ in range(rounds):
        for kept, run in zip(results, runs):
            kept.append(run())
    text, medians = [], []
    for label, kept in zip(labels, results):
        speeds = [pairs / result["seconds"] for result in kept]
        medians.append(statistics.median(speeds))
        means = " ".join(f"{mean:.6f}" for mean in kept[0]["means"])
        text.append(f"{label} {medians[-1]:.1f} pairs/s ({min(speeds):.1f}-{max(speeds):.1f}; means {means})")
    print(f"{'   '.join(text)}   {medians[0] / medians[1]:.2f} times", flush=True)
    return dict(zip(labels, medians), ratio=medians[0] / medians[1])


def knows(program, metric, folder):
    command = [program, "score", "--reference", folder / "reference", "--degraded", folder / "degraded", "--metrics", metric]
    return "not a known metric" not in subprocess.run(command, capture_output=True, text=True).stderr


def measure(flags, root):
    folder = link_pairs(flags, flags.pairs, root / "timed")
    ours = lambda metrics, jobs=1: lambda: time_ours(flags.program, metrics, folder, jobs)
    results = {}
    for metrics, package in (("stoi,estoi", "pystoi"), ("pesq", "pesq")):
        if not knows(flags.program, metrics, link_pairs(flags, 1, root / metrics)):
            print(f"{metrics}: {flags.program} does not know it; left out")
            continue
        results[metrics] = compare(
            [f"{metrics}: lipsound2", package], [ours(metrics), lambda: time_package(metrics, folder)], flags.pairs, flags.rounds)
    few, many = link_pairs(flags, 100, root / "few"), link_pairs(flags, flags.many, root / "many")
    on_many = lambda jobs: lambda: time_ours(flags.program, "stoi,estoi", many, jobs)
    results["jobs"] = compare(["stoi,estoi: --jobs 2", "--jobs 1"], [on_many(2), on_many(1)], flags.many, flags.rounds)
    for count, folder in ((100, few), (flags.many, many)):
        run = time_ours(flags.program, "stoi,estoi", folder)
        results[f"MiB over {count} pairs"] = run["mib"]
        print(f"peak memory over {count} pairs: {run['mib']:.1f} MiB", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/lipsound2")
    parser.add_argument("--reference")
    parser.add_argument("--degraded")
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--many", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument("--package", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.package:
        print(json.dumps(run_package(flags.package, flags.folder)))
        return
    if not flags.reference or not flags.degraded:
        parser.error("--reference and --degraded are needed")
    with tempfile.TemporaryDirectory() as root:
        results = measure(flags, pathlib.Path(root))
    if flags.json:
        pathlib.Path(flags.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
