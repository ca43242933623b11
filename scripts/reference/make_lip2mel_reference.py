"""Prints the expected numbers of tests/lip2mel/lip2mel_reference_test.cpp, computed by plain PyTorch modules.

Usage: .venv/bin/python scripts/reference/make_lip2mel_reference.py
"""

import torch
from torch import nn


def wave(shape, phase):
    """The fixed weights of the tests: sin(0.37 i + phase) of the flat index i."""
    count = int(torch.tensor(shape).prod()) if len(shape) else 1
    return torch.sin(0.37 * torch.arange(count, dtype=torch.float64) + phase).float().view(shape)


def fill(module):
    """Gives every tensor, in the order of its name, a wave of its own."""
    tensors = {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
    for phase, name in enumerate(sorted(tensors)):
        value = wave(tensors[name].shape, phase)
        is_scale = name.endswith((".1.weight", "running_var"))
        tensors[name].copy_(1 + 0.2 * value if is_scale else 0.1 * value)


class Encoder(nn.Module):
    def __init__(self, face_channels):
        super().__init__()
        sizes = [face_channels, 3, 5]
        self.convolutions = nn.ModuleList()
        for i in range(2):
            kernel, stride = (5, (1, 2, 2)) if i == 0 else (3, 1)
            conv = nn.Conv3d(sizes[i], sizes[i + 1], kernel, stride, kernel // 2, bias=False)
            self.convolutions.append(nn.Sequential(nn.ModuleDict({"conv": conv}), nn.BatchNorm3d(sizes[i + 1])))
        self.lstm = nn.LSTM(5 * 4, 4, batch_first=True, bidirectional=True)

    def forward(self, faces):
        x = (faces.float() / 255 - 0.45) / 0.225
        for block in self.convolutions:
            x = torch.relu(block[1](block[0]["conv"](x)))
            x = nn.functional.max_pool3d(x, (1, 2, 2))
        return self.lstm(x.transpose(1, 2).flatten(2))[0]


class Postnet(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [6, 8, 8, 6]
        self.convolutions = nn.ModuleList()
        for i in range(3):
            conv = nn.Conv1d(sizes[i], sizes[i + 1], 5, padding=2)
            self.convolutions.append(nn.Sequential(nn.ModuleDict({"conv": conv}), nn.BatchNorm1d(sizes[i + 1])))

    def forward(self, mel):
        x = mel.transpose(1, 2)
        for i, block in enumerate(self.convolutions):
            x = block[1](block[0]["conv"](x))
            x = torch.tanh(x) if i < 2 else x
        return mel + x.transpose(1, 2)


def report(title, module, x, kernel):
    with torch.no_grad():
        fill(module)
    for mode in ("eval", "train"):
        module.train(mode == "train")
        module.zero_grad()
        y = module(x)
        (y * wave(y.shape, 0.5)).sum().backward()
        grad = kernel(module).grad
        print(title, mode, "shape", list(y.shape))
        print("  first six", [round(v, 6) for v in y.flatten()[:6].tolist()], "sum of squares", round(y.square().sum().item(), 5))
        print("  gradient of the first kernel: first three", [round(v, 6) for v in grad.flatten()[:3].tolist()],
              "sum of squares", round(grad.square().sum().item(), 5))


def main():
    print("PyTorch", torch.__version__)
    for channels in (1, 3):
        shape = (2, channels, 4, 16, 16)
        count = int(torch.tensor(shape).prod())
        faces = (torch.arange(count) * 7919 % 251).to(torch.uint8).view(shape)
        report(f"encoder, {channels} channel(s),", Encoder(channels), faces, lambda m: m.convolutions[0][0]["conv"].weight)
    report("postnet", Postnet(), wave((2, 7, 6), 3.0), lambda m: m.convolutions[0][0]["conv"].weight)


if __name__ == "__main__":
    main()
