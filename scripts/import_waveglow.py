#!/usr/bin/env python3
"""Turns a published PyTorch checkpoint of WaveGlow into a checkpoint of lipsound2, or back.

Usage: .venv/bin/python scripts/import_waveglow.py waveglow.pt waveglow.safetensors [--rate 22050 --hop 256 ...]
       .venv/bin/python scripts/import_waveglow.py --export run/checkpoints/best.safetensors state_dict.pt

Takes a state dict or a dict that holds one or a module under "model" or "state_dict", with weight norm in the names of old and of new PyTorch, or removed.
A pickled module is unpickled without its classes: nothing of the file is run but tensors. The mel settings are those of the public checkpoints
unless told otherwise. Then: lipsound2 vocode x.wav --run waveglow.safetensors --out DIR
"""

import argparse
import collections
import json
import pickle
import re
import struct
import sys

import torch

NEW_NORM = {".parametrizations.weight.original0": ".weight_g", ".parametrizations.weight.original1": ".weight_v"}
STORED = {torch.float32: "F32", torch.int64: "I64"}
NORMED = re.compile(r"WN\.\d+\.(start|cond_layer|in_layers\.\d+|res_skip_layers\.\d+)\.weight$")


class Opaque:
    """Stands for any class of the pickle: keeps its state."""

    def __init__(self, *arguments, **named):
        pass

    def __setstate__(self, state):
        self.__dict__.update(state if isinstance(state, dict) else {})


class SafeUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if module == "collections" and name == "OrderedDict":
            return collections.OrderedDict
        if module in ("torch._utils", "torch") and (name.startswith("_rebuild") or name.endswith("Storage") or name in ("Size", "device")):
            return super().find_class(module, name)
        return type(name, (Opaque,), {})


class SafePickle:
    Unpickler = SafeUnpickler
    load = staticmethod(lambda file, **options: SafeUnpickler(file, **options).load())
    __name__ = "SafePickle"


def tensors_of(value, prefix=""):
    """All tensors of a state dict or of the parameters of an opaque module, by name."""
    if isinstance(value, Opaque):
        found = {}
        for group in ("_parameters", "_buffers"):
            for name, tensor in value.__dict__.get(group, {}).items():
                if isinstance(tensor, torch.Tensor):
                    found[prefix + name] = tensor
        for name, child in value.__dict__.get("_modules", {}).items():
            found.update(tensors_of(child, prefix + name + "."))
        return found
    for key in ("model", "state_dict"):
        if isinstance(value, dict) and key in value:
            return tensors_of(value[key])
    return {k: v for k, v in value.items() if isinstance(v, torch.Tensor)} if isinstance(value, dict) else {}


def published_names(state):
    """Names with weight_g and weight_v, one cond_layer per flow; weights without norm get it back."""
    named = {}
    for name, tensor in state.items():
        name = name.removeprefix("module.")
        for new, old in NEW_NORM.items():
            name = name.replace(new, old)
        named[name] = tensor.detach().float().contiguous()
    flows = {int(n.split(".")[1]) for n in named if n.startswith("WN.")}
    for k in flows:  # the oldest checkpoints have a layer of conditions per layer
        for part in ("weight_g", "weight_v", "weight", "bias"):
            pieces = sorted((int(m[1]), n) for n in named if (m := re.fullmatch(rf"WN\.{k}\.cond_layers\.(\d+)\.{part}", n)))
            if pieces:
                named[f"WN.{k}.cond_layer.{part}"] = torch.cat([named.pop(n) for _, n in pieces])
    for name in [n for n in named if NORMED.match(n)]:
        weight = named.pop(name)
        named[name + "_v"] = weight
        named[name + "_g"] = weight.flatten(1).norm(dim=1).view(-1, 1, 1)
    return named


def sizes_of(state):
    """The config of the network, from shapes."""
    flows = 1 + max(int(n.split(".")[1]) for n in state if n.startswith("convinv."))
    widths = [state[f"convinv.{k}.conv.weight"].shape[0] for k in range(flows)]
    leaving = [k for k in range(1, flows) if widths[k] < widths[k - 1]]
    layers = sum(1 for n in state if re.fullmatch(r"WN\.0\.in_layers\.\d+\.bias", n))
    upsample = state["upsample.weight"]
    sizes = {"group": widths[0], "flows": flows, "early_every": leaving[0] if leaving else flows,
             "early_size": widths[leaving[0] - 1] - widths[leaving[0]] if leaving else 2,
             "channels": state["WN.0.start.weight_v"].shape[0], "layers": layers, "mel_path": "transposed", "mel_window": upsample.shape[2]}
    return sizes, upsample.shape[0]


def write_safetensors(path, tensors, metadata):
    header, place = {"__metadata__": metadata}, 0
    for name, tensor in sorted(tensors.items()):
        end = place + tensor.element_size() * tensor.numel()
        header[name] = {"dtype": STORED[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, tensor in sorted(tensors.items()):
            file.write(tensor.numpy().tobytes())


def read_safetensors(path):
    """Tensors by name, and the metadata."""
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors, types = {}, {stored: dtype for dtype, stored in STORED.items()}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] in types:
            begin, end = entry["data_offsets"]
            part = bytearray(data[8 + length + begin : 8 + length + end])
            tensors[name] = torch.frombuffer(part, dtype=types[entry["dtype"]]).reshape(entry["shape"]).clone()
    return tensors, header.get("__metadata__", {})


def import_checkpoint(arguments):
    loaded = torch.load(arguments.source, map_location="cpu", pickle_module=SafePickle, weights_only=False)
    state = published_names(tensors_of(loaded))
    if "upsample.weight" not in state or "convinv.0.conv.weight" not in state:
        sys.exit(f"{arguments.source}: expected a WaveGlow with upsample.weight and convinv.0.conv.weight, found {sorted(state)[:8]}")
    sizes, bands = sizes_of(state)
    audio = {"sample_rate": arguments.rate, "fft": arguments.fft, "window": arguments.window, "hop": arguments.hop, "bands": bands,
             "low_hz": arguments.low, "high_hz": arguments.high, "floor": 1e-5}
    inline = lambda fields: "{" + ", ".join(f"{k}: {v:.1e}" if k == "floor" else f"{k}: {v}" for k, v in fields.items()) + "}"
    config = f"name: imported\ntask: vocoder\naudio: {inline(audio)}\nvocoder:\n  network: {inline(sizes)}\n"
    write_safetensors(arguments.result, {"model." + k: v for k, v in state.items()}, {"config": config})
    print(config)


def export_checkpoint(arguments):
    tensors, _ = read_safetensors(arguments.source)
    prefix = "ema." if any(name.startswith("ema.") for name in tensors) else "model."
    torch.save({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}, arguments.result)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("result")
    parser.add_argument("--export", action="store_true", help="from lipsound2 to a PyTorch state dict")
    for name, value in (("rate", 22050), ("fft", 1024), ("window", 1024), ("hop", 256), ("low", 0), ("high", 8000)):
        parser.add_argument("--" + name, type=int, default=value, help=f"of the mels; default {value}")
    arguments = parser.parse_args()
    (export_checkpoint if arguments.export else import_checkpoint)(arguments)


if __name__ == "__main__":
    main()
