#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into tests/fuzz/corpus: tiny files of each kind that the targets take.

    python3 tests/fuzz/make_corpus.py
"""

import math
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"
RATE = 16000
TONE = [round(8000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(100)]


def wav(data, tag=1, channels=1, bits=16, rate=RATE, promised=None, width=None, extra=b""):
    width = width or max(1, bits // 8) * channels
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * width & 0xFFFFFFFF, width & 0xFFFF, bits) + extra
    size = len(data) if promised is None else promised
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def crc(data, bits, polynomial):
    value = 0
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> (bits - 1) else 0)) & (1 << bits) - 1
    return value.to_bytes(bits // 8, "big")


def flac(samples):
    """One frame of one channel whose samples are stored verbatim (RFC 9639)."""
    count = len(samples)
    info = RATE << 44 | 0 << 41 | 15 << 36 | count
    stream_info = struct.pack(">HH", count, count) + bytes(6) + info.to_bytes(8, "big") + bytes(16)
    head = bytes([0xFF, 0xF8, 0x60, 0x08, 0x00, count - 1])
    frame = head + crc(head, 8, 0x07) + b"\x02" + struct.pack(f">{count}h", *samples)
    return b"fLaC\x80" + (34).to_bytes(3, "big") + stream_info + frame + crc(frame, 16, 0x8005)


def aiff(samples):
    rate = struct.pack(">HQ", 16383 + RATE.bit_length() - 1, RATE << 64 - RATE.bit_length())
    common = b"COMM" + struct.pack(">IhIh", 18, 1, len(samples), 16) + rate
    sound = b"SSND" + struct.pack(">III", 8 + 2 * len(samples), 0, 0) + struct.pack(f">{len(samples)}h", *samples)
    return b"FORM" + struct.pack(">I", 4 + len(common) + len(sound)) + b"AIFF" + common + sound


def sound_files():
    pcm = struct.pack(f"<{len(TONE)}h", *TONE)
    floats = struct.pack("<40f", *(x / 8000 for x in TONE[:40]))
    return {
        "pcm16.wav": wav(pcm),
        "pcm8.wav": wav(bytes(128 + x // 256 for x in TONE), bits=8),
        "pcm24_stereo.wav": wav(b"\x10\x20\x30" * 40, channels=2, bits=24),
        "float_stereo.wav": wav(floats, tag=3, channels=2, bits=32),
        "double.wav": wav(struct.pack("<20d", *TONE[:20]), tag=3, bits=64),
        "not_finite.wav": wav(struct.pack("<3f", 0, math.inf, math.nan), tag=3, bits=32),
        "mu_law.wav": wav(bytes(range(256)), tag=7, bits=8),
        "ima_adpcm.wav": wav(bytes(512), tag=17, bits=4, width=512, extra=struct.pack("<HH", 2, 1017)),
        "cut_short.wav": wav(pcm, promised=4000),
        "from_a_pipe.wav": wav(pcm, promised=0xFFFFFFFF),
        "2_to_the_31_samples.wav": wav(pcm, promised=0x7FFFFFFF),
        "1000_channels.wav": wav(pcm, channels=1000),
        "rate_0.wav": wav(pcm, rate=0),
        "rate_1.wav": wav(pcm, rate=1),
        "rate_384000.wav": wav(pcm, rate=384000),
        "empty.wav": wav(b""),
        "tone.flac": flac(TONE),
        "tone.aiff": aiff(TONE),
        "tone.au": struct.pack(">4s5I", b".snd", 24, 2 * len(TONE), 3, RATE, 1) + struct.pack(f">{len(TONE)}h", *TONE),
    }


def metric_inputs():
    """Two recipes (rate, length, kind, seed) and bytes, as sound_metrics_fuzz.cpp reads them."""
    usual = {1: 0, 1000: 2, 8000: 3, 10000: 4, 16000: 6, 44100: 10, 192000: 13, 384000: 14}
    same = 1  # the second sound has the rate of the first
    floats = struct.pack("<6f", 0.5, -0.25, 1e-45, 3e38, -1, 0.125)
    broken = struct.pack("<4f", 0.5, math.nan, math.inf, 0)
    loud = struct.pack("<2f", 0.3, 0.5)

    def pair(rate, lengths, kinds, seeds, data, second=same):
        recipes = zip((usual[rate], second), (8 * n + (n < 600) for n in lengths), kinds, seeds)
        return b"".join(struct.pack("<IHBB", *recipe) for recipe in recipes) + data

    inputs = {f"speech_{rate}": pair(rate, (6900, 7000), (3, 5), (4, 21), loud) for rate in (8000, 10000, 16000, 44100)}
    inputs.update({f"length_{n}": pair(16000, (n, n), (2, 2), (0, 0), bytes(range(250))) for n in (0, 1, 2, 256, 257)})
    inputs.update({f"rate_{rate}": pair(rate, (800, 790), (3, 3), (4, 5), loud) for rate in (1, 1000, 192000, 384000)})
    inputs["floats"] = pair(16000, (5000, 5000), (0, 0), (0, 0), floats)
    inputs["not_finite"] = pair(16000, (500, 500), (2, 0), (0, 0), broken)
    inputs["other_rate"] = pair(16000, (500, 500), (3, 3), (4, 4), loud, second=64 * usual[8000])
    inputs["any_rate"] = struct.pack("<IHBB", 15 + 16 * 12345, 8 * 4000, 3, 4) + struct.pack("<IHBB", same, 8 * 4000, 3, 9) + loud
    inputs["silence"] = pair(16000, (3000, 3000), (2, 3), (0, 4), b"")
    return inputs


def texts():
    lines = {
        "grid": "bin blue at f two now\nbin blue with s two please",
        "apostrophes": "it's the dogs' ’tis\nits the dog's 'tis",
        "empty_reference": "\nwords",
        "empty_hypothesis": "words\n",
        "chinese": "你好，世界\n你们好世界",
        "cases": "ÄÖÜ ẞ ΑΣ ЖЁ ＡＢＣ\näöü ß ας жё ａｂｃ",
        "invisible": "a\u00adb\u200bc\ufeff \u3000d\nab c d",
    }
    broken = {
        "overlong": b"\xc0\xaf\n",
        "surrogate": b"\xed\xa0\x80\n",
        "too_large": b"\xf4\x90\x80\x80\n",
        "cut": b"a\xe2\x82\nb",
    }
    return {name: text.encode() for name, text in lines.items()} | broken


def main():
    for target, files in (("sound_reader", sound_files()), ("sound_metrics", metric_inputs()), ("text_errors", texts())):
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
