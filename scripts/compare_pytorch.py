#!/usr/bin/env python3
"""Times lipsound2 beside an eager PyTorch program of the same sizes, alternating, on the machine it runs on.

    .venv/bin/python scripts/compare_pytorch.py [--rounds 3] [--program build/release/lipsound2] [--json out.json]

Both run in processes of their own with the same number of threads, one after the other. A training step is forward, loss, backward,
clipping and AdamW on random pictures; the decoder alone is forward and backward over a given memory. Run it with nothing else on the machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

SIZES = {
    "small": dict(batch=16, face=64, colors=1, channels=(24, 48, 96, 128), blstm=192, prenet=128, lstm=512, r=4, postnet=256),
    "base": dict(batch=8, face=112, colors=3, channels=(32, 64, 128, 256), blstm=256, prenet=256, lstm=1024, r=2, postnet=512),
}
PICTURES, BANDS, PER_PICTURE = 75, 80, 4


def build_network(size):
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            layers, width = [], size["colors"]
            for i, channels in enumerate(size["channels"]):
                kernel, stride = (5, (1, 2, 2)) if i == 0 else (3, 1)
                layers += [nn.Conv3d(width, channels, kernel, stride, kernel // 2, bias=False), nn.BatchNorm3d(channels), nn.ReLU(), nn.MaxPool3d((1, 2, 2))]
                width = channels
            self.stack = nn.Sequential(*layers)
            side = size["face"] // 32
            self.drop = nn.Dropout(0.3)
            self.blstm = nn.LSTM(width * side * side, size["blstm"], batch_first=True, bidirectional=True)

        def forward(self, faces):
            x = self.stack(faces).transpose(1, 2).flatten(2)
            return self.blstm(self.drop(x))[0]

    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            memory, lstm, prenet = 2 * size["blstm"], size["lstm"], size["prenet"]
            self.prenet1, self.prenet2 = nn.Linear(BANDS, prenet, bias=False), nn.Linear(prenet, prenet, bias=False)
            self.attention_rnn = nn.LSTMCell(prenet + memory, lstm)
            self.query, self.key, self.v = nn.Linear(lstm, 128, bias=False), nn.Linear(memory, 128, bias=False), nn.Linear(128, 1, bias=False)
            self.location, self.location_dense = nn.Conv1d(2, 32, 31, padding=15, bias=False), nn.Linear(32, 128, bias=False)
            self.decoder_rnn = nn.LSTMCell(lstm + memory, lstm)
            self.project = nn.Linear(lstm + memory, BANDS * size["r"])

        def forward(self, memory, target):
            batch, frames, width = memory.shape
            steps = target.size(1) // size["r"]
            last = torch.cat([target.new_zeros(batch, 1, BANDS), target[:, size["r"] - 1 :: size["r"]][:, :-1]], 1)
            fed = F.dropout(F.relu(self.prenet1(last)), 0.5)
            fed = F.dropout(F.relu(self.prenet2(fed)), 0.5)
            keys = self.key(memory)
            zeros = memory.new_zeros
            state1 = state2 = (zeros(batch, size["lstm"]), zeros(batch, size["lstm"]))
            context, weights, total = zeros(batch, width), zeros(batch, frames), zeros(batch, frames)
            outputs = []
            for t in range(steps):
                h1, c1 = self.attention_rnn(torch.cat([fed[:, t], context], 1), state1)
                h1 = F.dropout(h1, 0.1, self.training)
                state1 = (h1, c1)
                where = self.location_dense(self.location(torch.stack([weights, total], 1)).transpose(1, 2))
                energy = self.v(torch.tanh(self.query(h1).unsqueeze(1) + keys + where)).squeeze(2)
                weights = torch.softmax(energy, 1)
                total = total + weights
                context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
                h2, c2 = self.decoder_rnn(torch.cat([h1, context], 1), state2)
                h2 = F.dropout(h2, 0.1, self.training)
                state2 = (h2, c2)
                outputs.append(self.project(torch.cat([h2, context], 1)))
            return torch.stack(outputs, 1).view(batch, steps * size["r"], BANDS)

    class Postnet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [BANDS] + [size["postnet"]] * 4 + [BANDS]
            layers = []
            for i in range(5):
                layers += [nn.Conv1d(widths[i], widths[i + 1], 5, padding=2), nn.BatchNorm1d(widths[i + 1])]
                layers += [nn.Tanh()] if i < 4 else []
                layers += [nn.Dropout(0.5)]
            self.stack = nn.Sequential(*layers)

        def forward(self, mel):
            return mel + self.stack(mel.transpose(1, 2)).transpose(1, 2)

    return Encoder(), Decoder(), Postnet()


def time_runs(work, repeats):
    seconds = []
    for i in range(repeats + 1):
        start = time.perf_counter()
        work()
        if i:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def run_eager(what, size, threads, repeats):
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    encoder, decoder, postnet = build_network(size)
    target = torch.randn(size["batch"], PICTURES * PER_PICTURE, BANDS)
    if what == "decoder":
        memory = torch.randn(size["batch"], PICTURES, 2 * size["blstm"], requires_grad=True)
        return time_runs(lambda: decoder(memory, target).square().mean().backward(), repeats)
    faces = torch.randint(0, 256, (size["batch"], size["colors"], PICTURES, size["face"], size["face"]), dtype=torch.uint8)
    parameters = [p for part in (encoder, decoder, postnet) for p in part.parameters()]
    optimizer = torch.optim.AdamW(parameters, 1e-3)

    def step():
        optimizer.zero_grad()
        before = decoder(encoder(faces.float() / 127.5 - 1), target)
        after = postnet(before)
        loss = sum(F.l1_loss(mel, target) + 0.5 * F.mse_loss(mel, target) for mel in (before, after))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return time_runs(step, repeats)


def run_ours(program, what, name, threads, repeats):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "bench.json")
        command = [program, "bench", what, "--config", f"lip2mel_{name}.yaml", "--set", f"threads={threads}"]
        command += ["--set", f"data.batch_size={SIZES[name]['batch']}", "--pictures", str(PICTURES), "--repeats", str(repeats), "--json", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with open(out) as file:
            return json.load(file)["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/lipsound2")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument("--eager", nargs=2, metavar=("WHAT", "SIZE"), help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.eager:
        print(run_eager(flags.eager[0], SIZES[flags.eager[1]], flags.threads, flags.repeats))
        return
    results = {}
    for what in ("step", "decoder"):
        for name in SIZES:
            ours, eager = [], []
            for _ in range(flags.rounds):
                ours.append(run_ours(flags.program, what, name, flags.threads, flags.repeats))
                command = [sys.executable, __file__, "--eager", what, name, "--threads", str(flags.threads), "--repeats", str(flags.repeats)]
                eager.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            a, b = statistics.median(ours), statistics.median(eager)
            results[f"{what} {name}"] = dict(lipsound2=ours, pytorch=eager, ratio=b / a)
            spread = lambda values: f"{min(values):.3f}-{max(values):.3f}"
            print(f"{what:8} {name:6} lipsound2 {a:.3f} s ({spread(ours)})   PyTorch eager {b:.3f} s ({spread(eager)})   {b / a:.2f} times as fast", flush=True)
    if flags.json:
        with open(flags.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
