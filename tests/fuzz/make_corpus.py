#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into tests/fuzz/corpus: tiny files of each kind that the targets take.

Needs ffmpeg (5.1) and Pillow:

    python3 tests/fuzz/make_corpus.py
"""

import gzip
import io
import json
import math
import pathlib
import struct
import subprocess
import tarfile
import tempfile

from PIL import Image

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


def configs():
    every_kind = """name: "a b"
color: blue
sizes: [3, 0x10]
words: [p, 'q r']
rates: {encoder: 0.1, encoder.lstm: .5}
loud: true
inner: {dim: 64, rate: 2.5e-1}
"""
    texts = {
        "every_kind": every_kind,
        "block_style": "sizes:\n  - 1\n  - 2\ninner:\n  dim: 2\n  # a comment\nwords: []\n",
        "override": "name: a\n\0inner.dim=32",
        "override_group": "inner: {dim: 2}\n\0inner={rate: 3}",
        "chain": "stages:\n  - a.yaml\n  - {config: b.yaml, set: {inner.dim: 32, words: [x, \"7\"], inner: {rate: 1}}}\n",
        "alias": "inner: &x {dim: 2}\nrates: *x\n",
        "round_alias": "inner: &x {dim: *x}\n",
        "merge_key": "inner: {<<: {dim: 4}}\n",
        "twice": "name: a\nname: b\n",
        "wrong_types": "name: [a]\ncolor: green\nsizes: 3\nwords: {a: b}\nrates: x\nloud: 2\ninner: 7\n",
        "documents": "name: a\n---\nname: b\n",
        "block_text": "name: |\n  two\n  lines\nwords:\n- >-\n  folded\n  text\n",
        "not_numbers": "inner: {rate: .nan}\nrates: {a: .inf, b: -.inf}\n",
        "tags": "name: !!str 3\nsizes: !!seq [1]\nloud: !<tag:yaml.org,2002:bool> yes\n",
        "extends": "extends: nowhere.yaml\nname: a\n",
        "bom": "\ufeffname: a\n",
        "long_key": "name: a\n\0rates." + "\x01" * 300 + "=11",
    }
    return {name: text.encode() for name, text in texts.items()} | {"keys_not_utf8": b"rates: {a\xc9: 1, a\xca: 2}\n"}


CLIP = {"id": "s1/a", "speaker": "s1", "split": "train", "text": "bin blue", "frames": 2, "fps": 25, "samples": 1280,
        "rate": 16000, "shard": "shards/00000.tar", "offset": 0, "bytes": 3072, "crc32": 305419896, "note": ""}


def manifests():
    def line(**changes):
        return json.dumps({**CLIP, **changes}, separators=(",", ":"), ensure_ascii=False)

    lines = {
        "one": line(),
        "two": line() + "\n" + line(id="s1/b", split="valid", offset=3072, sex="f") + "\n",
        "spaces": json.dumps(CLIP, indent=None) + "\n",
        "escapes": line(text='say \\ "so"\n\t\u0001 é 语音') + "\n",
        "ascii_escapes": json.dumps({**CLIP, "text": "语音 \U0001f600"}) + "\n",
        "id_twice": line() + "\n" + line() + "\n",
        "numbers": line(fps=29.97, frames=2147483647, samples=1 << 48, crc32=4294967295) + "\n",
        "too_large": line(frames=1 << 31) + "\n",
        "negative": line(offset=-1) + "\n",
        "exponent": line().replace("25", "2.5e1") + "\n",
        "unknown_field": line(more=[1, {"a": None}]) + "\n",
        "missing": '{"id":"s1/a"}\n',
        "no_object": "[1,2]\n",
        "empty_line": line() + "\n\n",
        "carriage_return": line() + "\r\n",
    }
    return {name: text.encode() for name, text in lines.items()} | {"not_utf8": line().encode().replace(b"bin", b"b\xffn")}


def tar(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue().rstrip(b"\0")


def shards():
    def clip(count, faces, movie, sound=b"fLaC"):
        about = json.dumps({"id": "s1/a", "faces": faces}).encode() if isinstance(faces, list) else faces
        return b"%d" % count + b"\n--\n".join([about, movie, sound])

    members = [("s1/a.json", b'{"id":"s1/a","faces":[3,2]}'), ("s1/a.faces.mjpeg", b"abcde"), ("s1/a.flac", b"fLaC")]
    whole = tar(members)
    whole += bytes(-len(whole) % 512)
    longest = "/".join(["d" * 99, "e" * 50, "f" * 90])
    named = tar([(longest, b"x")])
    return {
        "clip": clip(2, [3, 2], b"abcde"),
        "no_pictures": clip(0, [], b""),
        "sizes_that_wrap": clip(2, [(1 << 64) - 1, 6], b"abcde"),
        "sizes_too_large": clip(2, [3, 3], b"abcde"),
        "negative_size": clip(2, [-3, 8], b"abcde"),
        "not_json": clip(1, b"{", b"abcde"),
        "deep_json": clip(1, b'{"id":"s1/a","faces":[' + b"[" * 200 + b"]" * 200 + b"]}", b"abcde"),
        "raw": whole,
        "long_name": named + bytes(-len(named) % 512),
        "cut": whole[:700],
        "empty_blocks": whole + bytes(1024),
        "pax": tar([("a", b"")]).replace(b"ustar\x0000", b"ustar  \0"),
    }


def jpegs():
    size = (24, 16)
    color = Image.new("RGB", size)
    color.putdata([(8 * x, 12 * y, (x * y) % 256) for y in range(size[1]) for x in range(size[0])])
    gray = color.convert("L")

    def coded(image, **options):
        file = io.BytesIO()
        image.save(file, "JPEG", **options)
        return file.getvalue()

    plain = coded(gray, quality=60)
    start_of_frame = plain.index(b"\xff\xc0")
    return {
        "gray": plain,
        "color_420": coded(color, quality=60),
        "color_444": coded(color, quality=60, subsampling=0),
        "color_422": coded(color, quality=60, subsampling=1),
        "progressive": coded(color, quality=60, progressive=True),
        "restarts": coded(color, quality=60, restart_marker_blocks=2),
        "rgb": coded(color, quality=60, keep_rgb=True),
        "cmyk": coded(color.convert("CMYK"), quality=60),
        "one_pixel": coded(gray.resize((1, 1)), quality=60),
        "comment": coded(gray, quality=60, comment=b"a comment"),
        "orientation": coded(color, quality=60, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
        "cut": plain[:-40],
        "8192_wide": plain[:start_of_frame + 5] + struct.pack(">HH", 16, 8192) + plain[start_of_frame + 9:],
        "65535_high": plain[:start_of_frame + 5] + struct.pack(">HH", 65535, 24) + plain[start_of_frame + 9:],
        "no_height": plain[:start_of_frame + 5] + struct.pack(">HH", 0, 24) + plain[start_of_frame + 9:],
    }


def containers():
    """Videos of 64 x 48 with a tone, half a second; before each, the two bytes that choose a part."""
    def video(name, *options, rate=25, seconds=0.5):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / name
            subprocess.run(
                ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=s=64x48:r={rate}:d={seconds}", "-f", "lavfi", "-i",
                 f"sine=r=16000:d={seconds}", "-fflags", "+bitexact", "-flags", "+bitexact", *options, str(file)], check=True)
            return file.read_bytes()

    def at_rate(avi, scale, rate):
        """The same with other seconds per picture: scale / rate."""
        place = avi.index(b"strh") + 28
        return avi[:place] + struct.pack("<II", scale, rate) + avi[place + 8:]

    whole, part, cut = bytes(2), bytes([3, 6]), 1500
    mpeg = video("a.mpg", "-c:v", "mpeg1video", "-q:v", "20", "-c:a", "mp2", "-b:a", "32k")
    mp4 = video("a.mp4", "-c:v", "mpeg4", "-q:v", "20", "-c:a", "aac", "-b:a", "16k")
    return {
        "mpeg": whole + mpeg,
        "mpeg_part": part + mpeg,
        "mpeg_cut": whole + mpeg[:cut],
        "mp4": whole + mp4,
        "mp4_part": part + mp4,
        "mp4_30_fps": whole + video("a.mp4", "-c:v", "mpeg4", "-q:v", "20", "-c:a", "aac", "-b:a", "16k", rate="30000/1001"),
        "mp4_turned": whole + video("a.mov", "-c:v", "mjpeg", "-q:v", "20", "-metadata:s:v", "rotate=90", "-c:a", "pcm_u8", seconds=0.2),
        "matroska": whole + video("a.mkv", "-c:v", "mpeg4", "-q:v", "20", "-c:a", "flac", seconds=0.3),
        "avi": part + video("a.avi", "-c:v", "mjpeg", "-q:v", "25", "-c:a", "pcm_u8", "-ar", "8000", seconds=0.2),
        "transport": whole + video("a.ts", "-c:v", "mpeg2video", "-q:v", "20", "-c:a", "mp2", "-b:a", "32k", seconds=0.3),
        "no_sound": whole + video("a.mp4", "-an", "-c:v", "mpeg4", "-q:v", "20", seconds=0.2),
        "no_picture": whole + video("a.m4a", "-vn", "-c:a", "aac", "-b:a", "16k", seconds=0.2),
        "stereo": whole + video("a.mkv", "-c:v", "mpeg4", "-q:v", "20", "-ac", "2", "-c:a", "pcm_s16le", "-ar", "8000", seconds=0.2),
        "endless_picture": whole + at_rate(video("a.avi", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "25", "-c:a", "pcm_u8",
                                                 "-ar", "8000", seconds=0.2), 1 << 31, 1),
        "text": whole + b"no film",
        "wav": whole + wav(struct.pack(f"<{len(TONE)}h", *TONE)),
    }


def arpas():
    bigram = """\\data\\
ngram 1=5
ngram 2=4

\\1-grams:
-1.5\t<unk>
-99\t<s>\t-0.5
-1\t</s>
-0.75\tbin\t-0.25
-0.5\tblue\t0.125

\\2-grams:
-0.25\t<s> bin
-0.5\tbin blue
-1\tblue <unk>
-0.75\tblue </s>

\\end\\
"""
    pruned = """\\data\\
ngram 1=4
ngram 2=3
ngram 3=2
\\1-grams:
-1 <s> -0.5
-1 </s>
-1 a -0.25
-1 b -0.125
\\2-grams:
-0.5 <s> a -0.5
-0.5 a b -1
-0.5 b a
\\3-grams:
-0.25 <s> a a
-0.25 a b a
\\end\\
"""
    texts = {
        "bigram": bigram,
        "pruned_trigram": pruned,
        "carriage_returns": bigram.replace("\n", "\r\n"),
        "numbers": bigram.replace("-0.75", "-7.5e-1").replace("-0.5", "-.50000000000000000000").replace("-1\t", "-1.\t"),
        "unknown_twice": bigram.replace("blue", "<UNK>"),
        "no_unknown": bigram.replace("<unk>", "red"),
        "count_too_large": bigram.replace("2=4", "2=5"),
        "count_too_small": bigram.replace("2=4", "2=3"),
        "huge_count": bigram.replace("2=4", "2=99999999999"),
        "no_context": pruned.replace("a b a", "b b a"),
        "twice": bigram.replace("blue </s>", "bin blue"),
        "not_finite": bigram.replace("-0.75", "-inf"),
        "large": bigram.replace("-0.75", "-3e38"),
        "positive": bigram.replace("-0.75", "0.75"),
        "foreign_word": bigram.replace("bin blue", "bin rot"),
        "cut": bigram[:150],
    }
    packed = gzip.compress(bigram.encode(), mtime=0)
    return {name: text.encode() for name, text in texts.items()} | {"bigram.gz": packed, "cut.gz": packed[:-20]}


def main():
    targets = {"sound_reader": sound_files, "sound_metrics": metric_inputs, "text_errors": texts, "config": configs,
               "manifest": manifests, "shard": shards, "jpeg": jpegs, "arpa": arpas, "container": containers}
    for target, make in targets.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in make().items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
