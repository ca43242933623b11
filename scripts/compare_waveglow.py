"""Times WaveGlow's inverse beside PyTorch eager (the class of make_waveglow_reference.py) with networks of the same sizes, clips of 3 s.

Usage: .venv/bin/python scripts/compare_waveglow.py build/release/lipsound2 [--threads 2] [--rounds 3]

One process per measurement, alternating; medians, ratio, and peak memory of each process.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent
NETWORKS = {
    "vocoder.yaml": dict(hop=160, window=640, group=8, flows=12, early_every=4, early_size=2, channels=256, layers=8),
    "vocoder_small.yaml": dict(hop=160, group=40, flows=8, early_every=4, early_size=8, channels=96, layers=4, mel_channels=128),
}


def measure_torch(config, batch, threads, repeats):
    sys.path.insert(0, str(ROOT / "reference"))
    import torch
    from make_waveglow_reference import WaveGlow

    torch.set_num_threads(threads)
    model = WaveGlow(**NETWORKS[config])
    for module in model.modules():  # weight norm folded, as for inference
        if torch.nn.utils.parametrize.is_parametrized(module):
            torch.nn.utils.parametrize.remove_parametrizations(module, "weight")
    mel, size = torch.randn(batch, 80, 300) - 5, NETWORKS[config]
    seconds = []
    for i in range(repeats + 1):
        begin = time.perf_counter()
        model.infer(mel, torch.randn(batch, size["group"], 300 * size["hop"] // size["group"]))
        if i:
            seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": statistics.median(seconds)}))


def run(command, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command}: failed")
    return output, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--configs", nargs="*", default=list(NETWORKS))
    parser.add_argument("--batches", nargs="*", type=int, default=[1, 8])
    parser.add_argument("--torch", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.torch:
        return measure_torch(arguments.torch[0], int(arguments.torch[1]), arguments.threads, arguments.repeats)
    for config in arguments.configs:
        for batch in arguments.batches:
            ours, theirs, our_memory, their_memory = [], [], [], []
            for _ in range(arguments.rounds):
                with tempfile.NamedTemporaryFile(suffix=".json") as file:
                    _, memory = run([arguments.program, "bench", "vocoder", "--config", str(ROOT.parent / "configs" / config), "--set", f"data.batch_size={batch}",
                                     "--set", f"threads={arguments.threads}", "--repeats", str(arguments.repeats), "--json", file.name], arguments.threads)
                    ours.append(json.load(open(file.name))["seconds"])
                    our_memory.append(memory)
                output, memory = run([sys.executable, __file__, arguments.program, "--torch", config, str(batch), "--threads", str(arguments.threads),
                                      "--repeats", str(arguments.repeats)], arguments.threads)
                theirs.append(json.loads(output)["seconds"])
                their_memory.append(memory)
            a, b = statistics.median(ours), statistics.median(theirs)
            print(f"{config}, batch {batch}: {a:.3f} s ({min(ours):.3f} to {max(ours):.3f}), {statistics.median(our_memory):.0f} MiB; PyTorch {b:.3f} s "
                  f"({min(theirs):.3f} to {max(theirs):.3f}), {statistics.median(their_memory):.0f} MiB; ratio {b / a:.2f}", flush=True)


if __name__ == "__main__":
    main()
