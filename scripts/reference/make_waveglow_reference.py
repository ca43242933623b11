"""WaveGlow in plain PyTorch, written from the paper (Prenger, Valle, Catanzaro 2019), with the names of the published checkpoints.

Prints the expected numbers of tests/vocoder/waveglow_reference_test.cpp. Other scripts import the class.

Usage: .venv/bin/python scripts/reference/make_waveglow_reference.py
"""

import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations


def normed(*sizes, **options):
    return parametrizations.weight_norm(nn.Conv1d(*sizes, **options))


class WaveNet(nn.Module):
    def __init__(self, inputs, conditions, channels, layers):
        super().__init__()
        self.start = normed(inputs, channels, 1)
        self.cond_layer = normed(conditions, 2 * channels * layers, 1)
        self.in_layers = nn.ModuleList(normed(channels, 2 * channels, 3, dilation=2**i, padding=2**i) for i in range(layers))
        self.res_skip_layers = nn.ModuleList(normed(channels, 2 * channels if i + 1 < layers else channels, 1) for i in range(layers))
        self.end = nn.Conv1d(channels, 2 * inputs, 1)
        nn.init.zeros_(self.end.weight)
        nn.init.zeros_(self.end.bias)

    def forward(self, x, conditions):
        h = self.start(x)
        per_layer = self.cond_layer(conditions)
        if per_layer.shape[2] != h.shape[2]:
            per_layer = F.interpolate(per_layer, size=h.shape[2], mode="linear", align_corners=False)
        per_layer = per_layer.chunk(len(self.in_layers), 1)
        skips = 0
        for convolution, mix, condition in zip(self.in_layers, self.res_skip_layers, per_layer):
            u, v = (convolution(h) + condition).chunk(2, 1)
            out = mix(torch.tanh(u) * torch.sigmoid(v))
            if out.shape[1] == 2 * h.shape[1]:
                residual, out = out.chunk(2, 1)
                h = h + residual
            skips = skips + out
        return self.end(skips).chunk(2, 1)


class WaveGlow(nn.Module):
    def __init__(self, bands=80, hop=256, window=1024, group=8, flows=12, early_every=4, early_size=2, channels=256, layers=8, mel_channels=0):
        super().__init__()
        self.hop, self.group, self.early_every, self.early_size = hop, group, early_every, early_size
        if mel_channels:
            self.mel = nn.ModuleList([nn.Conv1d(bands, mel_channels, 5, padding=2), nn.Conv1d(mel_channels, mel_channels, 5, padding=2)])
        else:
            self.upsample = nn.ConvTranspose1d(bands, bands, window, stride=hop)
        self.convinv, self.WN = nn.ModuleList(), nn.ModuleList()
        self.sizes = [group - k // early_every * early_size for k in range(flows)]
        for size in self.sizes:
            rotation = torch.linalg.qr(torch.randn(size, size))[0]
            rotation[:, 0] *= torch.det(rotation).sign()
            self.convinv.append(nn.ModuleDict({"conv": nn.Conv1d(size, size, 1, bias=False)}))
            self.convinv[-1]["conv"].weight.data = rotation.unsqueeze(2)
            self.WN.append(WaveNet(size // 2, mel_channels or bands * group, channels, layers))

    def conditions(self, mel):
        """mel [B, bands, M]"""
        if hasattr(self, "mel"):
            x = (mel + 5) / 2.5
            for convolution in self.mel:
                x = F.leaky_relu(convolution(x), 0.2)
            return x
        samples = self.upsample(mel)[:, :, : mel.shape[2] * self.hop]
        return samples.unfold(2, self.group, self.group).permute(0, 1, 3, 2).flatten(1, 2)

    def forward(self, mel, samples):
        """Latents [B, group, T], sum of log scales, sum of log determinants."""
        conditions = self.conditions(mel)
        x = samples.view(len(samples), -1, self.group).transpose(1, 2)
        latents, log_scale, log_det = [], 0, 0
        for size, mixing, wavenet in zip(self.sizes, self.convinv, self.WN):
            if x.shape[1] > size:
                latents.append(x[:, :-size])
                x = x[:, -size:]
            x = mixing["conv"](x)
            log_det = log_det + x.shape[0] * x.shape[2] * torch.logdet(mixing["conv"].weight.squeeze(2))
            a, b = x.chunk(2, 1)
            shift, scale = wavenet(a, conditions)
            x = torch.cat([a, b * torch.exp(scale) + shift], 1)
            log_scale = log_scale + scale.sum()
        return torch.cat(latents + [x], 1), log_scale, log_det

    @torch.no_grad()
    def infer(self, mel, latents):
        """latents [B, group, T] in the order of forward()."""
        conditions = self.conditions(mel)
        x = latents[:, self.group - self.sizes[-1] :]
        for k in reversed(range(len(self.sizes))):
            a, b = x.chunk(2, 1)
            shift, scale = self.WN[k](a, conditions)
            x = torch.cat([a, (b - shift) / torch.exp(scale)], 1)
            x = F.conv1d(x, torch.linalg.inv(self.convinv[k]["conv"].weight.squeeze(2)).unsqueeze(2))
            before = self.sizes[max(k - 1, 0)]
            if before > self.sizes[k]:
                x = torch.cat([latents[:, self.group - before : self.group - self.sizes[k]], x], 1)
        return x.transpose(1, 2).flatten(1)


def old_names(state):
    """Weight norm as older PyTorch and the published checkpoints call it."""
    return {k.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v"): v for k, v in state.items()}


def wave(shape, phase):
    """The fixed numbers of the tests: sin(0.37 i + phase) of the flat index i."""
    return torch.sin(0.37 * torch.arange(math.prod(shape), dtype=torch.float64) + phase).float().view(shape)


@torch.no_grad()
def fill(model):
    """Gives every tensor, in the order of its name, a wave of its own; 1x1 convolutions are near the identity."""
    for phase, (name, tensor) in enumerate(sorted(old_names(model.state_dict()).items())):
        value = wave(tensor.shape, phase)
        if name.startswith("convinv"):
            value = torch.eye(len(tensor)).unsqueeze(2) + 0.2 * value
        elif name.endswith("weight_g"):
            value = 0.7 + 0.2 * value
        else:
            value = 0.3 * value
        tensor.copy_(value)


def report(title, **sizes):
    model = WaveGlow(bands=3, hop=8, group=4, flows=4, early_every=2, early_size=2, channels=5, layers=3, **sizes)
    fill(model)
    mel, samples = wave((2, 6, 3), 0.3).transpose(1, 2) - 4, 0.5 * wave((2, 48), 1.1)
    latents, log_scale, log_det = model(mel, samples)
    latents = latents.transpose(1, 2)
    sigma = 0.8
    nll = ((latents**2).sum() / (2 * sigma**2) - log_scale - log_det) / samples.numel() + math.log(sigma * math.sqrt(2 * math.pi))
    nll.backward()
    rounded = lambda x: [round(v, 6) for v in x.flatten()[:6].tolist()]
    print(title)
    print("  latents", rounded(latents), round(latents.square().sum().item(), 5))
    print("  log scale", round(log_scale.item(), 5), "log determinant", round(log_det.item(), 5), "nll", round(nll.item(), 6))
    for name, parameter in sorted(old_names(dict(model.named_parameters())).items()):
        if name in ("upsample.weight", "mel.0.weight", "convinv.1.conv.weight", "WN.0.start.weight_v", "WN.1.cond_layer.weight_g", "WN.2.in_layers.1.weight_v",
                    "WN.0.res_skip_layers.0.weight_v", "WN.3.in_layers.0.bias"):
            print(f'  {{"{name}", {parameter.grad.flatten()[0].item():.7g}, {parameter.grad.square().sum().item():.7g}}},')
    sound = model.infer(mel, wave((2, 12, 4), 2.0).transpose(1, 2))
    print("  inverse", rounded(sound), round(sound.square().sum().item(), 5))


if __name__ == "__main__":
    print("PyTorch", torch.__version__)
    report("transposed", window=20)
    report("linear", mel_channels=4)
