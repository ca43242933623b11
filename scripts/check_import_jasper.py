#!/usr/bin/env python3
"""Tests import_jasper.py: of a .nemo file `lipsound2 transcribe` makes the log-probabilities that a Jasper in plain PyTorch makes of the same weights.

    .venv/bin/python scripts/check_import_jasper.py PROGRAM

The networks are small, their weights random, names and settings those that NeMo's source shows; no published file was at hand. Export gives the same weights back,
what lipsound2 cannot represent is refused by name, and `finetune` starts from what was imported.
"""

import copy
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import wave

try:
    import numpy
    import torch
    import yaml
except ImportError:
    sys.exit(77)  # skipped

from torch import nn

SCRIPTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))
from import_jasper import mel_filters, read_nemo  # noqa: E402
from import_waveglow import read_safetensors  # noqa: E402

RATE, WINDOW, HOP, FFT, BANDS = 16000, 320, 160, 512, 64
LABELS = list(" abcdefghijklmnopqrstuvwxyz'")


def block(filters, kernel, repeat=1, stride=1, dilation=1, dense=False, dropout=0.2):
    residual = {"residual": True, "residual_dense": True} if dense else {"residual": False}
    return {"filters": filters, "kernel": [kernel], "repeat": repeat, "stride": [stride], "dilation": [dilation], "dropout": dropout} | residual


def nemo_config(activation):
    blocks = [block(12, 11, stride=2), block(12, 11, repeat=3, dense=True), block(16, 13, repeat=3, dense=True), block(20, 9, repeat=3, dense=True, dropout=0.3),
              block(24, 29, dilation=2, dropout=0.4), block(32, 1, dropout=0.4)]
    path = "nemo.collections.asr.modules."
    return {
        "sample_rate": RATE,
        "labels": LABELS,
        "preprocessor": {"_target_": path + "AudioToMelSpectrogramPreprocessor", "normalize": "per_feature", "window_size": 0.02, "sample_rate": RATE,
                         "window_stride": 0.01, "window": "hann", "features": BANDS, "n_fft": FFT, "frame_splicing": 1, "dither": 1e-5, "stft_conv": False},
        "encoder": {"_target_": path + "ConvASREncoder", "feat_in": BANDS, "activation": activation, "conv_mask": True, "jasper": blocks},
        "decoder": {"_target_": path + "ConvASRDecoder", "feat_in": 32, "num_classes": len(LABELS), "vocabulary": LABELS},
    }


class MaskedConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, dilation=1):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride=stride, dilation=dilation, padding=dilation * (kernel - 1) // 2, bias=False)

    def forward(self, x):
        return self.conv(x)


class Block(nn.Module):
    def __init__(self, inputs, joins, config, activation):
        super().__init__()
        outputs, kernel = config["filters"], config["kernel"][0]
        layers = []
        for i in range(config["repeat"]):
            layers += [activation, nn.Dropout(config["dropout"])] if i else []
            layers += [MaskedConv(outputs if i else inputs, outputs, kernel, config["stride"][0], config["dilation"][0]), nn.BatchNorm1d(outputs, eps=1e-3)]
        self.mconv = nn.ModuleList(layers)
        self.res = nn.ModuleList(nn.ModuleList([MaskedConv(width, outputs, 1), nn.BatchNorm1d(outputs, eps=1e-3)]) for width in joins)
        self.last = activation

    def forward(self, seen):
        x = seen[-1]
        for layer in self.mconv:
            x = layer(x)
        for joined, (conv, norm) in zip(seen, self.res):
            x = x + norm(conv(joined))
        return self.last(x)


class Jasper(nn.Module):
    def __init__(self, config):
        super().__init__()
        activation = {"relu": nn.ReLU(), "hardtanh": nn.Hardtanh(0, 20)}[config["encoder"]["activation"]]
        inputs, joined, blocks = BANDS, [], []
        for part in config["encoder"]["jasper"]:
            dense = part.get("residual_dense", False)
            if dense:
                joined.append(inputs)
            blocks.append(Block(inputs, joined if dense else [], part, activation))
            inputs = part["filters"]
        self.encoder = nn.Module()
        self.encoder.encoder = nn.ModuleList(blocks)
        self.decoder = nn.Module()
        self.decoder.decoder_layers = nn.Sequential(nn.Conv1d(inputs, len(LABELS) + 1, 1))
        self.preprocessor = nn.Module()
        self.preprocessor.featurizer = nn.Module()
        audio = {"sample_rate": RATE, "fft": FFT, "bands": BANDS, "low_hz": 0, "high_hz": RATE / 2}
        self.preprocessor.featurizer.register_buffer("window", torch.hann_window(WINDOW, periodic=False))
        self.preprocessor.featurizer.register_buffer("fb", mel_filters(audio)[None])

    def features(self, sound):
        sound = torch.cat([sound[:1], sound[1:] - 0.97 * sound[:-1]])
        parts = self.preprocessor.featurizer
        spectrum = torch.stft(sound, FFT, HOP, WINDOW, parts.window, center=True, pad_mode="reflect", return_complex=True)[:, : len(sound) // HOP]
        mel = torch.log(parts.fb[0] @ spectrum.abs() ** 2 + 2**-24)
        return (mel - mel.mean(1, keepdim=True)) / (mel.std(1, keepdim=True) + 1e-5)

    def forward(self, sound):
        seen = [self.features(sound)[None]]
        for part in self.encoder.encoder:
            seen.append(part(seen[1:] if len(part.res) else seen[-1:]))
        return torch.log_softmax(self.decoder.decoder_layers(seen[-1])[0].T, 1)


def made_network(config):
    torch.manual_seed(1)
    network = Jasper(config)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            for tensor, low, high in ((module.weight, 0.5, 1.5), (module.bias, -0.5, 0.5), (module.running_mean, -0.3, 0.3), (module.running_var, 0.5, 2)):
                nn.init.uniform_(tensor, low, high)
            module.num_batches_tracked.fill_(7)
    nn.init.normal_(network.decoder.decoder_layers[0].weight, 0, 0.5)
    return network.eval()


def write_nemo(path, config, state, packing="w"):
    (path.parent / "model_config.yaml").write_text(yaml.safe_dump(config))
    torch.save(state, path.parent / "model_weights.ckpt")
    with tarfile.open(path, packing) as archive:
        for name in ("model_config.yaml", "model_weights.ckpt"):
            archive.add(path.parent / name, arcname="./" + name)


def write_sound(path):
    t = numpy.arange(int(1.37 * RATE)) / RATE
    noise = numpy.random.default_rng(1).normal(0, 0.05, len(t))
    sound = 0.3 * numpy.sin(2 * numpy.pi * (200 + 300 * t) * t) + 0.2 * numpy.sin(2 * numpy.pi * 2500 * t) * (t > 0.6) + noise
    samples = numpy.round(sound * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return torch.tensor(samples / 32768, dtype=torch.float32)


def run(*command, folder=None):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder)
    if result.returncode:
        sys.exit(f"{command}: {result.stdout}{result.stderr}")
    return result.stdout


def check_equal(program, folder, activation, packing):
    config = nemo_config(activation)
    network = made_network(config)
    nemo, made = folder / f"{activation}.nemo", folder / f"{activation}.safetensors"
    write_nemo(nemo, config, network.state_dict(), packing)
    printed = run(sys.executable, SCRIPTS / "import_jasper.py", nemo, made)
    sound = write_sound(folder / "x.wav")
    run(program, "transcribe", folder / "x.wav", "--run", made, "--log-probs", folder / "frames.safetensors")
    (frames,) = read_safetensors(folder / "frames.safetensors")[0].values()
    with torch.no_grad():
        expected = network(sound)
    assert frames.shape == expected.shape, (frames.shape, expected.shape)
    difference = (frames - expected).abs().max().item()
    print(f"{activation}: greatest difference {difference:.1e} of log-probabilities from {expected.min():.1f} to {expected.max():.1f}")
    assert difference < 1e-4 and expected.std() > 0.5
    run(sys.executable, SCRIPTS / "import_jasper.py", "--export", made, folder / "back.nemo")
    back_config, back = read_nemo(folder / "back.nemo")
    state = network.state_dict()
    assert set(back) == set(state), set(back) ^ set(state)
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())
    assert back_config["encoder"]["jasper"] == config["encoder"]["jasper"]
    run(sys.executable, SCRIPTS / "import_jasper.py", folder / "back.nemo", folder / "again.safetensors")
    assert (folder / "again.safetensors").read_bytes() == made.read_bytes()
    return config, state, printed


def check_refusals(folder, config, state):
    def refused(message, *path, value=None, name=None):
        other, tensors = copy.deepcopy(config), dict(state)
        if path:
            part = other
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = value
        if name:
            tensors.pop(name)
        write_nemo(folder / "bad.nemo", other, tensors)
        result = subprocess.run([sys.executable, SCRIPTS / "import_jasper.py", folder / "bad.nemo", folder / "bad.safetensors"], capture_output=True, text=True)
        assert result.returncode == 1 and message in result.stderr, (message, result.stderr)
        assert not (folder / "bad.safetensors").exists()

    refused("preprocessor.window: expected hann, found hamming", "preprocessor", "window", value="hamming")
    refused("preprocessor.normalize: expected per_feature", "preprocessor", "normalize", value="all_features")
    refused("preprocessor: not known are novelty (3)", "preprocessor", "novelty", value=3)
    refused("encoder.activation: expected one of relu, hardtanh, found swish", "encoder", "activation", value="swish")
    refused("encoder.jasper[1].separable: expected False, found True", "encoder", "jasper", 1, "separable", value=True)
    refused("encoder.jasper[2].residual_dense: expected True, found False", "encoder", "jasper", 2, "residual_dense", value=False)
    refused("decoder._target_: expected ConvASRDecoder, found RNNTDecoder", "decoder", "_target_", value="x.RNNTDecoder")
    refused("decoder.vocabulary: expected single characters", "decoder", "vocabulary", value=["th", *LABELS[1:]])
    refused("decoder.decoder_layers.0.bias is missing", name="decoder.decoder_layers.0.bias")
    refused("encoder.encoder.0.mconv.0.conv.weight: expected (12, 64, 9)", "encoder", "jasper", 0, "kernel", value=[9])
    refused("preprocessor.featurizer.fb: expected what the config says", "preprocessor", "lowfreq", value=50)


def check_finetune(program, folder, state):
    run(program, "demo-corpus", "--speakers", 1, "--clips", 20, "--out", "corpus", folder=folder)
    run(program, "prepare", "--corpus", "grid", "--root", "corpus", "--out", "data", folder=folder)
    run(program, "finetune", "--config", "relu.yaml", "--from", "relu.safetensors", "--run", "run", "--set", "data.manifest=data/manifest.jsonl",
        "--set", "train.steps=1", "--set", "train.learning_rate=0.01", "--set", "train.max_minutes=0", folder=folder)
    run(sys.executable, SCRIPTS / "import_jasper.py", "--export", folder / "run/checkpoints/last.safetensors", folder / "tuned.nemo")
    tuned = read_nemo(folder / "tuned.nemo")[1]
    name = "encoder.encoder.1.mconv.0.conv.weight"
    moved = (tuned[name] - state[name]).abs().max().item()
    print(f"after one step of finetune {name} has moved by {moved:.1e}")
    assert 0 < moved < 0.1 * state[name].std().item()


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_equal(program, folder, "hardtanh", "w:gz")
        config, state, printed = check_equal(program, folder, "relu", "w")
        (folder / "relu.yaml").write_text(printed)
        run(program, "config", folder / "relu.yaml")
        check_finetune(program, folder, state)
        check_refusals(folder, config, state)


if __name__ == "__main__":
    main()
