#!/usr/bin/env python3
"""Prints the expected numbers of tests/eval/text_errors_test.cpp and text_normalization_test.cpp.

  sudo apt-get install sctk
  python3 -m venv venv && venv/bin/pip install jiwer==4.0.0
  venv/bin/python scripts/reference/make_text_errors_reference.py

The random texts come from a generator that the C++ test has too. A checksum over the counts of every single clip stands
in the test, so that agreement in the sums alone is not enough.
"""
import re
import subprocess
import tempfile
import unicodedata
from importlib.metadata import version
from pathlib import Path

import jiwer

CASES = 3000
WORDS = ["bin", "blue", "bean", "où", "naïve", "语音", "语", "我们"]
# Normalized texts: reference, hypothesis.
HANDMADE = [
    ("", ""),
    ("", "bin blue"),
    ("bin blue", ""),
    ("bin blue at f two now", "bin blue at f two now"),
    ("bin blue at f two now", "bin at f too now please"),
    ("don't stop", "dont stop"),
    ("a b c", "b c d"),
    ("a b c d", "d c b a"),
    ("a b a b", "b a b a"),
    ("x y z", "a x b"),
    ("今天 天气 很 好", "今天 天气 好"),
    ("今天天气很好", "今天天汽很好吗"),
    ("il était une fois", "il etait une fois"),
    ("a", "b c d e f"),
    ("a b c d e f", "z"),
    ("the cat sat on the mat", "on the mat the cat sat"),
]


class Draws:
    """Knuth's 64-bit linear congruential generator, upper 31 bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def random_cases():
    draws = Draws(1)
    for _ in range(CASES):
        words = 2 + draws.below(len(WORDS) - 1)
        reference = [WORDS[draws.below(words)] for _ in range(draws.below(15))]
        hypothesis = []
        if draws.below(2) == 0:
            hypothesis = [WORDS[draws.below(words)] for _ in range(draws.below(15))]
        else:
            for word in reference:
                change = draws.below(6)
                if change == 1:
                    word = WORDS[draws.below(words)]
                if change != 0:
                    hypothesis.append(word)
                if change == 2:
                    hypothesis.append(WORDS[draws.below(words)])
        yield " ".join(reference), " ".join(hypothesis)


def as_characters(text):
    return " ".join(text.replace(" ", ""))


def jiwer_words(reference, hypothesis):
    out = jiwer.process_words(reference, hypothesis)
    return out.hits, out.substitutions, out.deletions, out.insertions


def jiwer_characters(reference, hypothesis):
    out = jiwer.process_characters(reference.replace(" ", ""), hypothesis.replace(" ", ""))
    return out.hits, out.substitutions, out.deletions, out.insertions


def sclite(cases):
    """Counts of each clip, in the order of the cases."""
    with tempfile.TemporaryDirectory() as folder:
        for side, name in enumerate(("ref", "hyp")):
            lines = (f"{case[side]} (s-{i:05d})\n" for i, case in enumerate(cases))
            Path(folder, name).write_text("".join(lines), encoding="utf-8")
        command = "sctk sclite -r ref trn -h hyp trn -i rm -e utf-8 -s -o pra stdout".split()
        printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"id: \(s-(\d+)\)\nScores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)", printed)
    counts = {int(row[0]): tuple(map(int, row[1:])) for row in found}
    assert len(counts) == len(cases), (len(counts), len(cases))
    return [counts[i] for i in range(len(cases))]


def checksum(rows):
    """FNV-1a, 64 bits, over the counts, each as one byte."""
    value = 0xCBF29CE484222325
    for row in rows:
        for count in row:
            value = (value ^ count) * 0x100000001B3 % 2**64
    return value


def show(title, rows):
    total = [sum(column) for column in zip(*rows)]
    print(f"{title}: hits {total[0]} substitutions {total[1]} deletions {total[2]} insertions {total[3]}"
          f" checksum 0x{checksum(rows):016X}")


def lower_case_reference():
    """The simple mapping, where the text of str.lower() is one character; U+0130 is the one exception there."""
    rows = []
    for first, last in ((0, 0x17F), (0x1A0, 0x1A5), (0x1C4, 0x1F5), (0x1F8, 0x21F), (0x222, 0x233), (0x386, 0x3CE), (0x400, 0x556),
                        (0x1E00, 0x1EFF), (0x3000, 0x30FF), (0xFF00, 0xFFEF)):
        for code in range(first, last + 1):
            lower = "i" if code == 0x130 else chr(code).lower()
            rows.append((code, ord(lower) if len(lower) == 1 else code))
    return rows


def main():
    cases = list(random_cases())
    print("jiwer", version("jiwer"), "rapidfuzz", version("rapidfuzz"), "Unicode", unicodedata.unidata_version)
    usage = subprocess.run(["sctk", "sclite"], capture_output=True, text=True)
    print(re.search("sclite Version: [^\n]*", usage.stdout + usage.stderr).group())
    words, characters = [jiwer_words(*c) for c in cases], [jiwer_characters(*c) for c in cases]
    spelled = [(as_characters(r), as_characters(h)) for r, h in cases]
    sclite_words, sclite_characters = sclite(cases), sclite(spelled)
    print(CASES, "random clips,", sum(not r for r, _ in cases), "empty references,",
          sum(not h for _, h in cases), "empty hypotheses,", sum(not r and not h for r, h in cases), "both")
    show("jiwer words", words)
    show("jiwer characters", characters)
    show("sclite words", sclite_words)
    show("sclite characters", sclite_characters)
    for name, a, b in (("words", words, sclite_words), ("characters", characters, sclite_characters)):
        print(f"{name}: sclite's counts differ from jiwer's in {sum(x != y for x, y in zip(a, b))} clips, their sum in"
              f" {sum(sum(x[1:]) != sum(y[1:]) for x, y in zip(a, b))}")
    references, hypotheses = map(list, zip(*cases))
    print(f"jiwer corpus wer {jiwer.wer(references, hypotheses):.12f}"
          f" cer {jiwer.cer([r.replace(' ', '') for r in references], [h.replace(' ', '') for h in hypotheses]):.12f}")
    rates = [jiwer.wer(r, h) for r, h in cases if r]
    print(f"jiwer mean of {len(rates)} clips {sum(rates) / len(rates):.12f}")
    print("jiwer wer of an empty reference:", jiwer.wer("", "bin blue"), jiwer.wer("", ""))

    print("\nhandmade: reference | hypothesis | jiwer words | jiwer characters | sclite words | sclite characters")
    of_characters = [(as_characters(r), as_characters(h)) for r, h in HANDMADE]
    for (r, h), a, b in zip(HANDMADE, sclite(HANDMADE), sclite(of_characters)):
        columns = (jiwer_words(r, h), jiwer_characters(r, h), a, b)
        print("    {%s, %s, %s}," % (f'"{r}"', f'"{h}"', ", ".join("{%d, %d, %d, %d}" % c for c in columns)))

    long_reference = " ".join(random_case for random_case, _ in cases[:400])
    long_hypothesis = " ".join(random_case for _, random_case in cases[:400])
    print("one clip of", len(long_reference.split()), "words, jiwer:", jiwer_words(long_reference, long_hypothesis))

    rows = lower_case_reference()
    print(f"lower case of {len(rows)} code points:", sum(a != b for a, b in rows), "change, sum", sum(b for _, b in rows))


if __name__ == "__main__":
    main()
