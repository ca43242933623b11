#!/usr/bin/env python3
"""Jasper dense residual in plain PyTorch, written from the paper (Li et al. 2019). Prints the expected numbers of tests/asr/jasper_test.cpp.

Nothing is padded and nothing is masked here: every clip goes through the convolutions alone, and batch norm sees the frames of all
clips one after another. What a padded batch gives must be the same.

Usage: .venv/bin/python scripts/reference/make_jasper_reference.py
"""

import math

import torch
from torch.nn import functional as F

FEATURES, OUTPUTS, REPEATS, LIMIT, EPSILON = 5, 4, 2, 2.5, 1e-3
KERNELS, CHANNELS = (3, 5), (4, 6)
PROLOGUE = (3, 4)  # kernel, channels
EPILOGUE = (3, 5)
LAST = 7


def wave(shape, phase):
    """The fixed numbers of the tests: sin(0.37 i + phase) of the flat index i."""
    return torch.sin(0.37 * torch.arange(math.prod(shape), dtype=torch.float64) + phase).float().view(shape)


def shapes():
    """Names and shapes of the parameters, as NeMo calls them."""
    found = {}

    def layer(conv, norm, outputs, inputs, kernel):
        found[conv + ".conv.weight"] = (outputs, inputs, kernel)
        found[norm + ".weight"] = found[norm + ".bias"] = (outputs,)

    layer("encoder.encoder.0.mconv.0", "encoder.encoder.0.mconv.1", PROLOGUE[1], FEATURES, PROLOGUE[0])
    joined = [PROLOGUE[1]]
    for block, (kernel, channels) in enumerate(zip(KERNELS, CHANNELS), start=1):
        prefix = f"encoder.encoder.{block}."
        for repeat in range(REPEATS):
            layer(f"{prefix}mconv.{4 * repeat}", f"{prefix}mconv.{4 * repeat + 1}", channels, channels if repeat else joined[-1], kernel)
        for i, inputs in enumerate(joined):
            layer(f"{prefix}res.{i}.0", f"{prefix}res.{i}.1", channels, inputs, 1)
        joined.append(channels)
    layer("encoder.encoder.3.mconv.0", "encoder.encoder.3.mconv.1", EPILOGUE[1], CHANNELS[-1], EPILOGUE[0])
    layer("encoder.encoder.4.mconv.0", "encoder.encoder.4.mconv.1", LAST, EPILOGUE[1], 1)
    found["decoder.decoder_layers.0.weight"] = (OUTPUTS, LAST, 1)
    found["decoder.decoder_layers.0.bias"] = (OUTPUTS,)
    return found


class Jasper:
    def __init__(self):
        self.values, self.running = {}, {}
        for phase, (name, shape) in enumerate(sorted(shapes().items())):
            value = 0.5 * wave(shape, phase)
            if len(shape) == 1 and name.endswith("weight"):
                value = value + 1
            self.values[name] = value.requires_grad_()
            if len(shape) == 1 and name.startswith("encoder") and name.endswith("bias"):
                self.running[name[:-5]] = (torch.zeros(shape), torch.ones(shape))

    def norm(self, name, clips, training):
        frames = torch.cat(clips, 1)
        if training:
            mean, var = frames.mean(1), frames.var(1, unbiased=False)
            old_mean, old_var = self.running[name]
            self.running[name] = (0.9 * old_mean + 0.1 * mean.detach(), 0.9 * old_var + 0.1 * frames.var(1).detach())
        else:
            mean, var = self.running[name]
        weight, bias = self.values[name + ".weight"], self.values[name + ".bias"]
        return [(x - mean[:, None]) / torch.sqrt(var + EPSILON)[:, None] * weight[:, None] + bias[:, None] for x in clips]

    def normed(self, conv, norm, clips, training, stride=1, dilation=1):
        weight = self.values[conv + ".conv.weight"]
        padding = dilation * (weight.shape[2] - 1) // 2
        return self.norm(norm, [F.conv1d(x[None], weight, stride=stride, padding=padding, dilation=dilation)[0] for x in clips], training)

    def __call__(self, clips, training):
        def active(xs):
            return [x.clamp(0, LIMIT) for x in xs]

        x = active(self.normed("encoder.encoder.0.mconv.0", "encoder.encoder.0.mconv.1", clips, training, stride=2))
        outputs = [x]
        for block in range(1, len(KERNELS) + 1):
            prefix = f"encoder.encoder.{block}."
            for repeat in range(REPEATS):
                x = self.normed(f"{prefix}mconv.{4 * repeat}", f"{prefix}mconv.{4 * repeat + 1}", x, training)
                if repeat + 1 < REPEATS:
                    x = active(x)
            for i, joined in enumerate(outputs):
                x = [a + b for a, b in zip(x, self.normed(f"{prefix}res.{i}.0", f"{prefix}res.{i}.1", joined, training))]
            x = active(x)
            outputs.append(x)
        x = active(self.normed("encoder.encoder.3.mconv.0", "encoder.encoder.3.mconv.1", x, training, dilation=2))
        x = active(self.normed("encoder.encoder.4.mconv.0", "encoder.encoder.4.mconv.1", x, training))
        weight, bias = self.values["decoder.decoder_layers.0.weight"], self.values["decoder.decoder_layers.0.bias"]
        return [F.log_softmax((weight[:, :, 0] @ c + bias[:, None]).T, 1) for c in x]


def report(title, lengths):
    network = Jasper()
    features = wave((2, FEATURES, 13), 0.3).requires_grad_()
    clips = [features[i, :, :length] for i, length in enumerate(lengths)]
    log_probs = network(clips, training=True)
    weights = wave((2, 7, OUTPUTS), 1.1)
    loss = sum((p * w[: len(p)]).sum() for p, w in zip(log_probs, weights))
    loss.backward()
    rounded = lambda x: ", ".join(f"{v:.6f}" for v in x.flatten().tolist())
    print(title)
    described = lambda clips: ", ".join("{" + rounded(p[-1]) + "}" for p in clips) + f", {sum(p.square().sum() for p in clips).item():.7g}"
    print("  trained", described(log_probs))
    with torch.no_grad():
        evaluated = network(clips, training=False)
    print("  evaluated", described(evaluated))
    network.values["features"] = features
    for name in ("features", "encoder.encoder.0.mconv.0.conv.weight", "encoder.encoder.1.mconv.1.weight", "encoder.encoder.2.res.0.0.conv.weight",
                 "encoder.encoder.2.res.1.1.bias", "encoder.encoder.2.mconv.4.conv.weight", "encoder.encoder.3.mconv.0.conv.weight",
                 "decoder.decoder_layers.0.weight"):
        gradient = network.values[name].grad
        print(f'  {{"{name}", {gradient.flatten()[0].item():.7g}, {gradient.square().sum().item():.7g}}},')


if __name__ == "__main__":
    print("PyTorch", torch.__version__)
    report("padded", (13, 8))
    report("unpadded", (13, 13))
