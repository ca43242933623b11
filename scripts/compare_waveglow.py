"""Times WaveGlow beside PyTorch eager (the class of make_waveglow_reference.py) with the same weights: making sound, and a training step.

    .venv/bin/python scripts/compare_waveglow.py build/release/lipsound2 [--threads 2] [--rounds 3] [--log FILE]

One process per measurement, the programs alternating; medians and ranges of the rounds, ratio, peak memory. With --log every measurement is appended to a file and the
table is that of all of it, so that rounds can be measured in several calls. Sound is made without weight norm in both; a step is forward, likelihood, backward, clipping and
AdamW. PyTorch makes the sounds of a batch at once, lipsound2 one after the other.
"""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SCRIPTS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "reference")]
SIZES = {
    "vocoder": dict(hop=160, window=640, group=8, flows=12, early_every=4, early_size=2, channels=256, layers=8),
    "vocoder_small": dict(hop=160, group=40, flows=8, early_every=4, early_size=8, channels=96, layers=4, mel_channels=128),
}
PICTURES = {("vocoder", "sound"): 15, ("vocoder", "step"): 5, ("vocoder_small", "sound"): 75, ("vocoder_small", "step"): 10}  # of 40 ms, of a clip
Case = collections.namedtuple("Case", "config what batch")


def make_network(config):
    import torch
    from make_waveglow_reference import WaveGlow

    torch.manual_seed(1)
    network = WaveGlow(**SIZES[config])
    for wavenet in network.WN:
        torch.nn.init.normal_(wavenet.end.weight, 0, 0.01)
    return network


def measure_torch(case, threads, repeats):
    import torch

    torch.set_num_threads(threads)
    network, hop, group = make_network(case.config), SIZES[case.config]["hop"], SIZES[case.config]["group"]
    frames = 4 * PICTURES[case.config, case.what]
    mel, samples = torch.randn(case.batch, 80, frames) - 5, 0.1 * torch.randn(case.batch, frames * hop)
    latents = torch.randn(case.batch, group, frames * hop // group)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4)

    def step():
        optimizer.zero_grad()
        z, log_scale, log_det = network(mel, samples)
        (((z**2).sum() / 2 - log_scale - log_det) / samples.numel()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimizer.step()

    if case.what == "sound":
        for module in network.modules():
            if torch.nn.utils.parametrize.is_parametrized(module):
                torch.nn.utils.parametrize.remove_parametrizations(module, "weight")
    work = step if case.what == "step" else lambda: network.infer(mel, latents)
    seconds = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": statistics.median(seconds[1:])}))


def save_weights(config, file):
    from import_waveglow import write_safetensors
    from make_waveglow_reference import old_names

    write_safetensors(file, {"model." + k: v for k, v in old_names(make_network(config).state_dict()).items()}, {})


def run(command, threads):
    """What it printed, and its peak memory in MiB. A child begins with the peak of its parent, so that this process must stay small: it never imports torch."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command}: failed")
    return output, usage.ru_maxrss / 1024


def measure_round(case, arguments, folder):
    options = ["--threads", str(arguments.threads), "--repeats", str(arguments.repeats)]
    result = folder / "result.json"
    _, memory = run([arguments.program, "bench", "vocoder" if case.what == "sound" else "step", "--config", str(SCRIPTS.parent / "configs" / f"{case.config}.yaml"),
                     "--set", f"from={folder / case.config}", "--set", f"data.batch_size={case.batch}", "--set", "vocoder.sound.mel_steps=0",  # PyTorch runs the network alone
                     "--set", f"threads={arguments.threads}",
                     "--pictures", str(PICTURES[case.config, case.what]), "--repeats", str(arguments.repeats), "--json", str(result)], arguments.threads)
    ours = {"seconds": json.loads(result.read_text())["seconds"], "memory": memory}
    output, memory = run([sys.executable, __file__, arguments.program, "--torch", *map(str, case), *options], arguments.threads)
    return {**case._asdict(), "lipsound2": ours, "torch": {**json.loads(output), "memory": memory}}


def table(measurements):
    print("| | lipsound2 | PyTorch eager | ratio | memory, MiB |\n| --- | --- | --- | --- | --- |")
    cases = dict.fromkeys(Case(m["config"], m["what"], m["batch"]) for m in measurements)
    for case in cases:
        own = [m for m in measurements if (m["config"], m["what"], m["batch"]) == case]
        median = lambda program, key: statistics.median(m[program][key] for m in own)
        seconds = lambda program: "{:.3f} s ({:.3f} to {:.3f})".format(median(program, "seconds"), min(m[program]["seconds"] for m in own), max(m[program]["seconds"] for m in own))
        print(f"| `{case.config}`, {case.what}, {case.batch} x {PICTURES[case.config, case.what] * 0.04:.1f} s | {seconds('lipsound2')} | {seconds('torch')} | "
              f"{median('torch', 'seconds') / median('lipsound2', 'seconds'):.2f} | {median('lipsound2', 'memory'):.0f}, {median('torch', 'memory'):.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1, help="timed, in each process, after one to warm up")
    parser.add_argument("--configs", nargs="*", default=list(SIZES))
    parser.add_argument("--what", nargs="*", default=["sound", "step"])
    parser.add_argument("--batches", nargs="*", type=int, default=[1, 8])
    parser.add_argument("--log", type=pathlib.Path, help="JSON lines")
    parser.add_argument("--torch", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--save", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.torch:
        config, what, batch = arguments.torch
        return measure_torch(Case(config, what, int(batch)), arguments.threads, arguments.repeats)
    if arguments.save:
        config, file = arguments.save
        return save_weights(config, pathlib.Path(file))
    measurements = [json.loads(line) for line in arguments.log.read_text().splitlines()] if arguments.log and arguments.log.exists() else []
    with tempfile.TemporaryDirectory() as name:
        for config in arguments.configs:
            run([sys.executable, __file__, arguments.program, "--save", config, str(pathlib.Path(name) / config)], arguments.threads)
        for _ in range(arguments.rounds):
            for case in [Case(c, w, b) for c in arguments.configs for w in arguments.what for b in arguments.batches]:
                measurements.append(measure_round(case, arguments, pathlib.Path(name)))
                if arguments.log:
                    with arguments.log.open("a") as log:
                        log.write(json.dumps(measurements[-1]) + "\n")
    table(measurements)


if __name__ == "__main__":
    main()
