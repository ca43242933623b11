#!/usr/bin/env python3
"""Prints the expected numbers of tests/train/weight_updater_test.cpp and checkpoint_test.cpp.

Needs torch 2.13.0 (CPU) only:

    python scripts/reference/make_train_reference.py
"""

import struct
import zlib

import torch


def adamw(weight_factor: float, bias_factor: float) -> None:
    """Five updates of a matrix (decayed) and a bias (not decayed) by torch.optim.AdamW, at factors on the learning rate."""
    weight = torch.nn.Parameter(torch.tensor([[0.5, -1.0], [2.0, 0.25]]))
    bias = torch.nn.Parameter(torch.tensor([0.1, -0.2]))
    optimizer = torch.optim.AdamW(
        [{"params": [weight], "weight_decay": 0.1}, {"params": [bias], "weight_decay": 0.0}],
        lr=0.01, betas=(0.9, 0.999), eps=1e-8)
    for step in range(5):
        optimizer.param_groups[0]["lr"] = weight_factor * 0.01 * (step + 1)
        optimizer.param_groups[1]["lr"] = bias_factor * 0.01 * (step + 1)
        weight.grad = (step - 1.5) * torch.tensor([[1.0, -0.5], [0.001, 3.0]])
        bias.grad = (2.0 - step) * torch.tensor([0.3, -4.0])
        optimizer.step()
    print("AdamW weight", [f"{x:.9g}" for x in weight.flatten().tolist()])
    print("AdamW bias  ", [f"{x:.9g}" for x in bias.tolist()])


def cosine() -> None:
    """torch's CosineAnnealingLR from 1e-3 to 1e-5 over 100 updates, at 0, 25, 50, 99."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100, eta_min=1e-5)
    rates = []
    for _ in range(100):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    print("cosine", [f"{rates[k]:.9g}" for k in (0, 25, 50, 99)])


def clipped() -> None:
    """clip_grad_norm_ to 1.0 of gradients whose norm is 13."""
    parameter = torch.nn.Parameter(torch.zeros(3))
    parameter.grad = torch.tensor([3.0, 4.0, 12.0])
    norm = torch.nn.utils.clip_grad_norm_([parameter], 1.0)
    print("clip", f"{norm:.9g}", [f"{x:.9g}" for x in parameter.grad.tolist()])


def safetensors_file() -> None:
    """A file with x = [1, -2] in the layout of docs/checkpoint_format.md, built without LipSound2."""
    header = ('{"__metadata__":{"checksum":"00000000"},'
              '"x":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}}')
    header += " " * (-len(header) % 8)
    file = struct.pack("<Q", len(header)) + header.encode() + struct.pack("<2f", 1.0, -2.0)
    print("safetensors", len(header), len(file), f"{zlib.crc32(file):08x}")


if __name__ == "__main__":
    print("torch", torch.__version__)
    adamw(1.0, 1.0)
    adamw(0.1, 2.0)
    cosine()
    clipped()
    safetensors_file()
