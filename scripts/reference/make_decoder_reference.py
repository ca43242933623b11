#!/usr/bin/env python3
"""Prints the numbers that tests/lip2mel/decoder_test.cpp expects (DecoderReference).

The decoder is written here step by step with PyTorch's own modules, after the description of
Tacotron 2 (Shen et al. 2018) and LipSound2; dropout is off and every parameter is a sine of its
index, so that C++ can make the same ones. Needs only `torch` (2.13.0 made the numbers).
"""

import torch
from torch import nn
from torch.nn import functional


class EagerDecoder(nn.Module):
    """One Python loop over steps, one autograd node per operation."""

    def __init__(self, memory, bands, frames, prenet, units, dim=128, filters=32, taps=31,
                 prenet_dropout=0.5, lstm_dropout=0.1):
        super().__init__()
        self.bands, self.frames = bands, frames
        self.prenet_dropout, self.lstm_dropout = prenet_dropout, lstm_dropout
        self.prenet = nn.ModuleList([nn.Linear(bands, prenet, bias=False),
                                     nn.Linear(prenet, prenet, bias=False)])
        self.attention_rnn = nn.LSTMCell(prenet + memory, units)
        self.query_layer = nn.Linear(units, dim, bias=False)
        self.memory_layer = nn.Linear(memory, dim, bias=False)
        self.v = nn.Linear(dim, 1, bias=False)
        self.location_conv = nn.Conv1d(2, filters, taps, padding=taps // 2, bias=False)
        self.location_dense = nn.Linear(filters, dim, bias=False)
        self.decoder_rnn = nn.LSTMCell(units + memory, units)
        self.projection = nn.Linear(units + memory, frames * bands)

    def forward(self, memory, lengths, target, own_output=False):
        clips, positions, _ = memory.shape
        padding = torch.arange(positions)[None] >= lengths[:, None]
        keys = self.memory_layer(memory)
        h1, c1 = (memory.new_zeros(clips, self.attention_rnn.hidden_size) for _ in range(2))
        h2, c2 = (memory.new_zeros(clips, self.decoder_rnn.hidden_size) for _ in range(2))
        weights, cumulative = (memory.new_zeros(clips, positions) for _ in range(2))
        context = memory.new_zeros(clips, memory.shape[2])
        frame = memory.new_zeros(clips, self.bands)
        mels, maps = [], []
        for step in range(target.shape[1] // self.frames):
            x = frame
            for layer in self.prenet:
                x = functional.dropout(functional.relu(layer(x)), self.prenet_dropout, True)
            h1, c1 = self.attention_rnn(torch.cat((x, context), 1), (h1, c1))
            h1 = functional.dropout(h1, self.lstm_dropout, self.training)
            past = torch.stack((weights, cumulative), 1)
            location = self.location_dense(self.location_conv(past).transpose(1, 2))
            energies = self.v(torch.tanh(self.query_layer(h1)[:, None] + keys + location))
            weights = torch.softmax(energies.squeeze(2).masked_fill(padding, -torch.inf), 1)
            cumulative = cumulative + weights
            context = torch.bmm(weights[:, None], memory).squeeze(1)
            h2, c2 = self.decoder_rnn(torch.cat((h1, context), 1), (h2, c2))
            h2 = functional.dropout(h2, self.lstm_dropout, self.training)
            mel = self.projection(torch.cat((h2, context), 1))
            mels.append(mel.view(clips, self.frames, self.bands))
            maps.append(weights)
            last = (step + 1) * self.frames - 1
            frame = mels[-1][:, -1].detach() if own_output else target[:, last]
        return torch.cat(mels, 1), torch.stack(maps, 1)


def sines(shape, phase, scale):
    """scale * sin(0.7 i + phase) over the flat index i."""
    count = torch.Size(shape).numel()
    return (scale * torch.sin(0.7 * torch.arange(count, dtype=torch.double) + phase)).view(shape)


def main():
    decoder = EagerDecoder(memory=6, bands=3, frames=2, prenet=4, units=5, dim=7, filters=3,
                           taps=5, prenet_dropout=0, lstm_dropout=0).double()
    with torch.no_grad():
        for index, parameter in enumerate(decoder.parameters()):
            parameter.copy_(sines(parameter.shape, float(index), 0.5))
    memory = sines((2, 7, 6), 0.3, 1.0).requires_grad_()
    target = sines((2, 8, 3), 0.6, 1.0)
    for own_output in (False, True):
        decoder.zero_grad()
        memory.grad = None
        mel, weights = decoder(memory, torch.tensor([7, 4]), target, own_output)
        (mel.square().sum() + (weights * sines(weights.shape, 0.9, 1.0)).sum()).backward()
        print("own output" if own_output else "truth")
        print("  mel[1, 7]:", [round(x, 7) for x in mel[1, 7].tolist()])
        print("  weights[1, 3]:", [round(x, 7) for x in weights[1, 3].tolist()])
        print("  sum |d memory|:", round(memory.grad.abs().sum().item(), 6))
        for name, parameter in decoder.named_parameters():
            print(f"  sum |d {name}|:", round(parameter.grad.abs().sum().item(), 6))


if __name__ == "__main__":
    main()
