#!/usr/bin/env python3
"""Turns a Jasper model in NeMo's .nemo layout (a tar with model_config.yaml and model_weights.ckpt) into a checkpoint of lipsound2, or back.

    .venv/bin/pip install pyyaml
    .venv/bin/python scripts/import_jasper.py jasper.nemo jasper.safetensors > jasper.yaml
    .venv/bin/python scripts/import_jasper.py --export run/checkpoints/best.safetensors jasper.nemo

Prints the config of the model. Whatever of it lipsound2 cannot compute is refused by name. Of the file nothing is run: weights are loaded as tensors only.
Then: lipsound2 transcribe x.wav --run jasper.safetensors, and to train on, jasper.yaml with `data` and `train`: lipsound2 finetune --config jasper.yaml --from
jasper.safetensors
"""

import argparse
import io
import math
import sys
import tarfile

import torch
import yaml

from import_waveglow import read_safetensors, write_safetensors

TARGETS = {"preprocessor": "AudioToMelSpectrogramPreprocessor", "encoder": "ConvASREncoder", "decoder": "ConvASRDecoder"}
# Settings that must have this value when they are there; it is also NeMo's default.
PREPROCESSOR = {"window": "hann", "normalize": "per_feature", "log": True, "log_zero_guard_type": "add", "frame_splicing": 1, "exact_pad": False,
                "stft_exact_pad": False, "stft_conv": False, "mag_power": 2.0, "mel_norm": "slaney", "pad_value": 0, "nb_augmentation_prob": 0}
ENCODER = {"normalization_mode": "batch", "residual_mode": "add", "frame_splicing": 1, "conv_mask": True, "quantize": False, "norm_groups": -1}
BLOCK = {"separable": False, "groups": 1, "heads": -1, "se": False, "kernel_size_factor": 1.0, "stride_last": False, "future_context": -1,
         "residual_mode": "add"}
# Settings without influence on what is computed of one sound.
IGNORED = {"preprocessor": {"pad_to", "max_duration", "use_grads", "rng", "nb_max_freq", "use_torchaudio"}, "encoder": {"init_mode"},
           "decoder": {"init_mode", "add_blank"}, "block": {"se_reduction_ratio", "se_context_size", "se_interpolation_mode"}}
LIMITS = {"relu": 0, "hardtanh": 20}
SCALARS = (".num_batches_tracked",)


class Settings:
    """A part of the config; what was not asked for in the end is refused."""

    def __init__(self, part, values, kind):
        self.part, self.values, self.left = part, values, set(values) - IGNORED.get(kind, set()) - {"_target_"}

    def take(self, name, default=None):
        self.left.discard(name)
        value = self.values.get(name)
        if value is None and default is None:
            sys.exit(f"{self.part}: expected a setting {name}, found {sorted(self.values)}")
        return default if value is None else value

    def expect(self, expected):
        for name, value in expected.items():
            if self.take(name, value) != value:
                sys.exit(f"{self.part}.{name}: expected {value}, found {self.values[name]}; lipsound2 cannot represent it")

    def finish(self):
        if self.left:
            sys.exit(f"{self.part}: not known are {', '.join(f'{name} ({self.values[name]})' for name in sorted(self.left))}")


def settings(config, part):
    values = config.get(part)
    if not isinstance(values, dict):
        sys.exit(f"model_config.yaml: expected a part {part}, found {sorted(config)}")
    target = str(values.get("_target_", TARGETS[part])).split(".")[-1]
    if target != TARGETS[part]:
        sys.exit(f"{part}._target_: expected {TARGETS[part]}, found {target}")
    return Settings(part, values, part)


def sound_of(config):
    """The keys `audio`, and those of `asr` that belong to the features."""
    part = settings(config, "preprocessor")
    part.expect(PREPROCESSOR)
    rate = part.take("sample_rate", 16000)
    samples = {name: part.take("n_" + name, 0) or round(rate * part.take(name, default)) for name, default in (("window_size", 0.02), ("window_stride", 0.01))}
    part.left -= {"window_size", "window_stride"}
    window = samples["window_size"]
    guard = part.take("log_zero_guard_value", 2**-24)
    if not isinstance(guard, (int, float)):
        sys.exit(f"preprocessor.log_zero_guard_value: expected a number, found {guard}")
    audio = {"sample_rate": rate, "fft": part.take("n_fft", 2 ** math.ceil(math.log2(window))), "window": window, "hop": samples["window_stride"],
             "bands": part.take("features", 64), "low_hz": part.take("lowfreq", 0), "high_hz": part.take("highfreq", rate / 2)}
    pre_emphasis = 0 if "preemph" in part.values and part.values["preemph"] is None else part.take("preemph", 0.97)
    part.left.discard("preemph")
    features = {"pre_emphasis": pre_emphasis, "spectrum": "power", "guard": guard}
    dither = part.take("dither", 1e-5)
    part.finish()
    return audio, features, dither


def single(part, name):
    value = part.take(name)
    values = value if isinstance(value, list) else [value]
    if len(values) != 1:
        sys.exit(f"{part.part}.{name}: expected one number, found {value}")
    return values[0]


def block_of(values, place):
    part = Settings(f"encoder.jasper[{place}]", values, "block")
    part.expect(BLOCK)
    found = {name: single(part, name) for name in ("kernel", "stride", "dilation")} | {name: part.take(name) for name in ("filters", "repeat")}
    percent = 100 * part.take("dropout", 0.0)
    if abs(percent - round(percent)) > 1e-6:
        sys.exit(f"{part.part}.dropout: expected whole percent, found {percent / 100}")
    found |= {"dropout": round(percent), "dense": bool(part.take("residual", False)), "joined": bool(part.take("residual_dense", False))}
    part.finish()
    return found


def expect_block(block, place, expected):
    for name, value in expected.items():
        if block[name] != value:
            label = {"dense": "residual", "joined": "residual_dense"}.get(name, name)
            sys.exit(f"encoder.jasper[{place}].{label}: expected {value}, found {block[name]}; lipsound2's Jasper is dense residual, with one block of stride 2 before")


def network_of(config):
    part = settings(config, "encoder")
    part.expect(ENCODER)
    activation = part.take("activation", "relu")
    if activation not in LIMITS:
        sys.exit(f"encoder.activation: expected one of {', '.join(LIMITS)}, found {activation}")
    blocks = [block_of(values, i) for i, values in enumerate(part.take("jasper"))]
    if len(blocks) < 4:
        sys.exit(f"encoder.jasper: expected four blocks at least, found {len(blocks)}")
    first, *middle, epilogue, last = blocks
    expect_block(first, 0, {"repeat": 1, "stride": 2, "dilation": 1, "dense": False, "joined": False})
    for i, block in enumerate(middle, start=1):
        expect_block(block, i, {"repeat": middle[0]["repeat"], "stride": 1, "dilation": 1, "dense": True, "joined": True})
    expect_block(epilogue, len(blocks) - 2, {"repeat": 1, "stride": 1, "dense": False, "joined": False})
    expect_block(last, len(blocks) - 1, {"repeat": 1, "stride": 1, "dilation": 1, "kernel": 1, "dense": False, "joined": False, "dropout": epilogue["dropout"]})
    network = {"features": part.take("feat_in"), "repeats": middle[0]["repeat"], "kernels": [b["kernel"] for b in middle],
               "channels": [b["filters"] for b in middle], "dropout_percent": [b["dropout"] for b in middle], "prologue_kernel": first["kernel"],
               "prologue_channels": first["filters"], "prologue_dropout_percent": first["dropout"], "epilogue_kernel": epilogue["kernel"],
               "epilogue_channels": epilogue["filters"], "epilogue_dilation": epilogue["dilation"], "last_channels": last["filters"],
               "epilogue_dropout_percent": epilogue["dropout"], "activation_limit": LIMITS[activation]}
    part.finish()
    return network


def symbols_of(config, network):
    part = settings(config, "decoder")
    symbols = part.take("vocabulary")
    if part.take("feat_in") != network["last_channels"]:
        sys.exit(f"decoder.feat_in: expected {network['last_channels']} as the encoder gives, found {part.values['feat_in']}")
    if part.take("num_classes", len(symbols)) not in (-1, len(symbols)):
        sys.exit(f"decoder.num_classes: expected {len(symbols)}, found {part.values['num_classes']}")
    part.finish()
    longer = [symbol for symbol in symbols if len(symbol) != 1]
    if longer or len(set(symbols)) != len(symbols):
        sys.exit(f"decoder.vocabulary: expected single characters, each once, found {longer or symbols}")
    return "".join(symbols)


def shapes_of(network, outputs):
    """Names and shapes of all tensors."""
    shapes = {}

    def layer(prefix, place, outputs, inputs, kernel):
        shapes[f"{prefix}.{place}.conv.weight"] = (outputs, inputs, kernel)
        norm = f"{prefix}.{place + 1}."
        shapes.update({norm + name: (outputs,) for name in ("weight", "bias", "running_mean", "running_var")})
        shapes[norm + "num_batches_tracked"] = ()

    joined, inputs, block = [], network["features"], 0

    def add(outputs, kernel, repeats=1, joins=()):
        nonlocal inputs, block
        prefix = f"encoder.encoder.{block}"
        for i, width in enumerate(joins):
            layer(f"{prefix}.res.{i}", 0, outputs, width, 1)
        for i in range(repeats):
            layer(f"{prefix}.mconv", 4 * i, outputs, outputs if i else inputs, kernel)
        inputs, block = outputs, block + 1

    add(network["prologue_channels"], network["prologue_kernel"])
    for kernel, channels in zip(network["kernels"], network["channels"]):
        joined.append(inputs)
        add(channels, kernel, network["repeats"], joined)
    add(network["epilogue_channels"], network["epilogue_kernel"])
    add(network["last_channels"], 1)
    shapes["decoder.decoder_layers.0.weight"] = (outputs, network["last_channels"], 1)
    shapes["decoder.decoder_layers.0.bias"] = (outputs,)
    return shapes


def mel_filters(audio):
    """[bands, bins]: triangles on Slaney's scale of equal area, as librosa makes them."""
    knee = 15.0  # mel at 1 kHz
    step = math.log(6.4) / 27
    to_mel = lambda hz: hz * 3 / 200 if hz < 1000 else knee + math.log(hz / 1000) / step
    to_hz = lambda mel: mel * 200 / 3 if mel < knee else 1000 * math.exp(step * (mel - knee))
    low, high = to_mel(audio["low_hz"]), to_mel(audio["high_hz"])
    edges = [to_hz(low + (high - low) * i / (audio["bands"] + 1)) for i in range(audio["bands"] + 2)]
    bins = torch.arange(audio["fft"] // 2 + 1, dtype=torch.float64) * audio["sample_rate"] / audio["fft"]
    rows = [torch.minimum((bins - a) / (b - a), (c - bins) / (c - b)).clamp_min(0) * 2 / (c - a) for a, b, c in zip(edges, edges[1:], edges[2:])]
    return torch.stack(rows).float()


def made_buffers(audio):
    """What NeMo keeps of its features among the weights."""
    return {"preprocessor.featurizer.window": torch.hann_window(audio["window"], periodic=False), "preprocessor.featurizer.fb": mel_filters(audio)[None]}


def check_tensors(state, shapes, audio):
    for name, made in made_buffers(audio).items():
        kept = state.pop(name, made)
        if kept.shape != made.shape or not torch.allclose(kept, made, rtol=0, atol=1e-6):
            sys.exit(f"{name}: expected what the config says {tuple(made.shape)}, found other numbers {tuple(kept.shape)}")
    problems = [f"{name} is missing" for name in sorted(shapes.keys() - state.keys())] + [f"{name} is not known" for name in sorted(state.keys() - shapes.keys())]
    problems += [f"{name}: expected {shapes[name]}, found {tuple(state[name].shape)}" for name in sorted(shapes.keys() & state.keys()) if tuple(state[name].shape) != shapes[name]]
    if problems:
        sys.exit("model_weights.ckpt: " + "; ".join(problems[:20]) + (f" and {len(problems) - 20} more" if len(problems) > 20 else ""))


def read_nemo(path):
    try:
        with tarfile.open(path) as archive:
            members = {member.name.removeprefix("./"): member for member in archive if member.isfile()}
            for name in ("model_config.yaml", "model_weights.ckpt"):
                if name not in members:
                    sys.exit(f"{path}: expected model_config.yaml and model_weights.ckpt, found {sorted(members)}")
            config = yaml.safe_load(archive.extractfile(members["model_config.yaml"]).read())
            weights = io.BytesIO(archive.extractfile(members["model_weights.ckpt"]).read())
    except (OSError, tarfile.TarError) as error:
        sys.exit(f"{path}: expected a .nemo file, a tar: {error}")
    return config, torch.load(weights, map_location="cpu", weights_only=True)


def number_or_list(value):
    return yaml.dump(value, default_flow_style=True, width=10**6, allow_unicode=True).strip().removesuffix("...").strip()


def config_text(audio, features, dither, network, symbols):
    inline = lambda fields: "{" + ", ".join(f"{name}: {number_or_list(value)}" for name, value in fields.items()) + "}"
    quoted = '"' + symbols.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return (f"name: imported\ntask: asr\naudio: {inline(audio)}\nasr:\n  network: {inline(network)}\n  symbols: {quoted}\n"
            f"  features: {inline(features)}\n  dither: {number_or_list(float(dither))}\n")


def import_model(arguments):
    config, state = read_nemo(arguments.source)
    audio, features, dither = sound_of(config)
    network = network_of(config)
    symbols = symbols_of(config, network)
    if network["features"] != audio["bands"]:
        sys.exit(f"encoder.feat_in: expected {audio['bands']} as preprocessor.features, found {network['features']}")
    check_tensors(state, shapes_of(network, len(symbols) + 1), audio)
    tensors = {"model." + name: tensor if name.endswith(SCALARS) else tensor.float() for name, tensor in state.items()}
    text = config_text(audio, features, dither, network, symbols)
    write_safetensors(arguments.result, tensors, {"config": text})
    print(text, end="")


def blocks_for_nemo(network):
    def block(kernel, filters, dropout, **others):
        return {"filters": filters, "repeat": 1, "kernel": [kernel], "stride": [1], "dilation": [1], "dropout": dropout / 100, "residual": False} | others

    dropout = network["epilogue_dropout_percent"]
    middle = zip(network["kernels"], network["channels"], network["dropout_percent"])
    dense = {"repeat": network["repeats"], "residual": True, "residual_dense": True}
    return [block(network["prologue_kernel"], network["prologue_channels"], network["prologue_dropout_percent"], stride=[2]),
            *(block(*sizes, **dense) for sizes in middle),
            block(network["epilogue_kernel"], network["epilogue_channels"], dropout, dilation=[network["epilogue_dilation"]]),
            block(1, network["last_channels"], dropout)]


def config_for_nemo(config):
    audio, asr = config["audio"], config["asr"]
    network, features = asr["network"], asr.get("features", {})
    if features.get("spectrum") != "power":
        sys.exit(f"asr.features.spectrum: NeMo's models hear powers, found {features.get('spectrum', 'magnitude')}")
    activations = {limit: name for name, limit in LIMITS.items()}
    if network["activation_limit"] not in activations:
        sys.exit(f"asr.network.activation_limit: expected one of {sorted(activations)}, found {network['activation_limit']}")
    symbols = list(asr["symbols"])
    path = "nemo.collections.asr.modules."
    rate = audio["sample_rate"]
    preprocessor = {"sample_rate": rate, "normalize": "per_feature", "window": "hann", "features": audio["bands"], "n_fft": audio["fft"],
                    "window_size": audio["window"] / rate, "window_stride": audio["hop"] / rate, "lowfreq": audio["low_hz"], "highfreq": audio["high_hz"],
                    "preemph": features["pre_emphasis"] or None, "log_zero_guard_value": float(features["guard"]), "dither": float(asr["dither"]), "frame_splicing": 1}
    encoder = {"feat_in": network["features"], "activation": activations[network["activation_limit"]], "conv_mask": True, "jasper": blocks_for_nemo(network)}
    decoder = {"feat_in": network["last_channels"], "num_classes": len(symbols), "vocabulary": symbols}
    parts = {"preprocessor": preprocessor, "encoder": encoder, "decoder": decoder}
    targets = {name: {"_target_": path + TARGETS[name]} | values for name, values in parts.items()}
    return {"target": "nemo.collections.asr.models.ctc_models.EncDecCTCModel", "sample_rate": rate, "labels": symbols} | targets


def export_model(arguments):
    tensors, metadata = read_safetensors(arguments.source)
    if "config" not in metadata:
        sys.exit(f"{arguments.source}: expected a checkpoint with its config, found {sorted(metadata)}")
    config = yaml.safe_load(metadata["config"])
    if config.get("task") != "asr":
        sys.exit(f"{arguments.source}: expected task asr, found {config.get('task')}")
    text = yaml.safe_dump(config_for_nemo(config), sort_keys=False, allow_unicode=True).encode()
    prefix = "ema." if any(name.startswith("ema.") for name in tensors) else "model."
    state = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    weights = io.BytesIO()
    torch.save(made_buffers(config["audio"]) | state, weights)
    with tarfile.open(arguments.result, "w") as archive:
        for name, content in (("model_config.yaml", text), ("model_weights.ckpt", weights.getvalue())):
            entry = tarfile.TarInfo("./" + name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("result")
    parser.add_argument("--export", action="store_true", help="from lipsound2 to .nemo")
    arguments = parser.parse_args()
    (export_model if arguments.export else import_model)(arguments)


if __name__ == "__main__":
    main()
