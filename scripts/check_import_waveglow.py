#!/usr/bin/env python3
"""Tests import_waveglow.py: whatever way a checkpoint was stored, `lipsound2 vocode` makes the same sound of it as make_waveglow_reference.py.

    .venv/bin/python scripts/check_import_waveglow.py PROGRAM

Made here in the layouts of published checkpoints: state dicts with the names of old and of new PyTorch and without weight norm, and modules pickled under "model"
whose classes belong to a module `glow` that nobody has, also in the old file format, from a GPU, and with a layer of conditions per layer.
"""

import pathlib
import subprocess
import sys
import tempfile
import types
import warnings
import wave

try:
    import numpy
    import torch
except ImportError:
    sys.exit(77)  # skipped

SCRIPTS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "reference")]
from import_waveglow import write_safetensors  # noqa: E402
from make_waveglow_reference import WaveGlow, old_names  # noqa: E402

CHANNELS, LAYERS, GROUP, FRAMES, SIGMA, SEED = 16, 4, 8, 30, 0.1, 1
AUDIO = "{sample_rate: 22050, fft: 1024, window: 1024, hop: 256, bands: 80, low_hz: 0, high_hz: 8000, floor: 1.0e-5}"
WORD = 2**64 - 1


class Rng:
    """SplitMix64 and Box-Muller, as core/random.h has them."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & WORD
        z = ((self.state ^ (self.state >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
        return z ^ (z >> 31)

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53

    def normal(self):
        radius = numpy.sqrt(-2 * numpy.log(1 - self.uniform()))
        return radius * numpy.cos(2 * numpy.pi * self.uniform())


def noise(groups):
    """[groups, GROUP], as the vocoder draws it: in blocks of 64 groups, each by (seed, block)."""
    rows = []
    for block in range((groups + 63) // 64):
        state = 0x6C6970736F756E64
        for part in (SEED, block):
            state = Rng(state ^ part).next()
        rng = Rng(state)
        rows += [[rng.normal() for _ in range(GROUP)] for _ in range(64)]
    return torch.tensor(rows[:groups], dtype=torch.float32)


def made_network():
    torch.manual_seed(1)
    network = WaveGlow(channels=CHANNELS, layers=LAYERS)
    for wavenet in network.WN:
        torch.nn.init.normal_(wavenet.end.weight, 0, 0.05)
        torch.nn.init.normal_(wavenet.end.bias, 0, 0.02)
    return network


def published_module(state, per_layer=False):
    """A module tree as published checkpoints hold it, with these tensors; its classes are those of a module `glow`."""
    glow = types.ModuleType("glow")
    for name in ("WaveGlow", "WN", "Invertible1x1Conv"):
        setattr(glow, name, type(name, (torch.nn.Module,), {"__module__": "glow"}))
    sys.modules["glow"] = glow

    def normed(inputs, outputs, taps=1):
        return torch.nn.utils.weight_norm(torch.nn.Conv1d(inputs, outputs, taps))

    root = glow.WaveGlow()
    root.upsample = torch.nn.ConvTranspose1d(80, 80, 1024, stride=256)
    root.convinv, root.WN = torch.nn.ModuleList(), torch.nn.ModuleList()
    for k in range(12):
        width = state[f"convinv.{k}.conv.weight"].shape[0]
        mixing, net = glow.Invertible1x1Conv(), glow.WN()
        mixing.conv = torch.nn.Conv1d(width, width, 1, bias=False)
        net.start, net.end = normed(width // 2, CHANNELS), torch.nn.Conv1d(CHANNELS, width, 1)
        if per_layer:
            net.cond_layers = torch.nn.ModuleList(normed(640, 2 * CHANNELS) for _ in range(LAYERS))
        else:
            net.cond_layer = normed(640, 2 * CHANNELS * LAYERS)
        net.in_layers = torch.nn.ModuleList(normed(CHANNELS, 2 * CHANNELS, 3) for _ in range(LAYERS))
        net.res_skip_layers = torch.nn.ModuleList(normed(CHANNELS, (1 + (i + 1 < LAYERS)) * CHANNELS) for i in range(LAYERS))
        root.convinv.append(mixing)
        root.WN.append(net)
    if per_layer:
        pieces = {}
        for name, tensor in state.items():
            head, _, part = name.partition(".cond_layer.")
            for i, piece in enumerate(tensor.chunk(LAYERS)) if part else ():
                pieces[f"{head}.cond_layers.{i}.{part}"] = piece
        state = {**{k: v for k, v in state.items() if ".cond_layer." not in k}, **pieces}
    root.load_state_dict(state)
    return root


def as_from_a_gpu(file):
    """Names the classes of storages that a file of the old format has when a GPU held the tensors."""
    data = file.read_bytes()
    assert b"ctorch\nFloatStorage\n" in data
    file.write_bytes(data.replace(b"ctorch\nFloatStorage\n", b"ctorch.cuda\nFloatStorage\n"))


def stored_variants(network, folder):
    new = network.state_dict()
    old = old_names(new)
    without = {k: v for k, v in old.items() if not k.endswith(("weight_g", "weight_v"))}
    for name in (k for k in old if k.endswith("weight_v")):
        without[name.removesuffix("_v")] = torch._weight_norm(old[name], old[name.removesuffix("v") + "g"], 0)
    pickled = published_module(old)
    torch.save(new, folder / "new.pt")
    torch.save({"state_dict": {"module." + k: v for k, v in old.items()}}, folder / "old.pt")
    torch.save(without, folder / "without_norm.pt")
    torch.save({"model": pickled, "iteration": 3, "learning_rate": 1e-4}, folder / "pickled.pt")
    torch.save({"model": pickled}, folder / "from_a_gpu.pt", _use_new_zipfile_serialization=False)
    as_from_a_gpu(folder / "from_a_gpu.pt")
    torch.save({"model": published_module(old, per_layer=True)}, folder / "per_layer.pt")
    del sys.modules["glow"]
    return old


def run(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{command}: {result.stdout}{result.stderr}")


def read_wav(file):
    with wave.open(str(file)) as sound:
        return sound.getframerate(), numpy.frombuffer(sound.readframes(10**9), dtype="<i2") / 32768


def main():
    warnings.filterwarnings("ignore", category=FutureWarning)  # weight_norm is old, as are the checkpoints
    warnings.filterwarnings("ignore", message="Couldn't retrieve source code")
    program, script = sys.argv[1], SCRIPTS / "import_waveglow.py"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        network = made_network()
        old = stored_variants(network, folder)
        mel = torch.randn(FRAMES, 80) - 4
        write_safetensors(folder / "mel.safetensors", {"mel": mel}, {"audio": AUDIO})
        expected = network.infer(mel.T[None], SIGMA * noise(FRAMES * 256 // GROUP).T[None])[0].numpy()
        assert 0.2 < abs(expected).max() < 1, "the sound must fit into a WAV file"
        for stored in sorted(folder.glob("*.pt")):
            made = stored.with_suffix(".safetensors")
            run(sys.executable, script, stored, made)
            run(program, "vocode", folder / "mel.safetensors", "--run", made, "--out", folder / stored.stem, "--sigma", SIGMA)
            rate, sound = read_wav(folder / stored.stem / "mel.wav")
            assert rate == 22050 and len(sound) == len(expected), (rate, len(sound))
            difference = abs(sound - expected).max()
            print(f"{stored.stem}: greatest difference {difference:.1e}, peak {abs(expected).max():.2f}")
            assert difference < 1e-4, stored
            if stored.stem not in ("pickled", "without_norm"):
                continue
            run(sys.executable, script, "--export", made, folder / "back")
            back = torch.load(folder / "back")
            assert set(back) == set(old), set(back) ^ set(old)
            for key, tensor in old.items():
                anew = stored.stem == "without_norm" and key.endswith(("weight_g", "weight_v"))
                assert back[key].shape == tensor.shape and (anew or torch.equal(back[key], tensor)), key
            run(sys.executable, script, folder / "back", folder / "again.safetensors")
            assert (folder / "again.safetensors").read_bytes() == made.read_bytes(), stored


if __name__ == "__main__":
    main()
