#!/usr/bin/env bash
# From nothing to a video that speaks, without any download of data: builds lipsound2, makes the demonstration corpus, trains a small
# network on it, scores the sentences it has never seen (also with swapped videos, as a control) and gives a silent video its voice.
# Everything lies in the folder named by the first argument (default: demo). Safe to run again: what is done is kept.
set -euo pipefail
out=$(realpath -m "${1:-"$(dirname "$0")/../demo"}")
cd "$(dirname "$0")/.."
jobs=$(nproc)

scripts/setup.sh
cmake --preset release
cmake --build --preset release --target lipsound2
lipsound2=build/release/lipsound2

say() { printf '\n== %s\n' "$*"; }

say "demonstration corpus"
if [ ! -e "$out/corpus.made" ]; then
  "$lipsound2" demo-corpus --out "$out/corpus" --clips 300 --speakers 1 --seed 1
  touch "$out/corpus.made"
fi

say "faces and sound into shards"
"$lipsound2" prepare --corpus grid --root "$out/corpus" --out "$out/data" --jobs "$jobs"

say "training"
resume=()
[ -f "$out/run/checkpoints/last.safetensors" ] && resume=(--resume)
"$lipsound2" train --config quickstart.yaml --set "data.manifest=$out/data/manifest.jsonl" --run "$out/run" "${resume[@]}"

say "scores of sentences that the network has never seen"
"$lipsound2" eval --run "$out/run" --metrics stoi,estoi,pesq

say "the same with swapped videos: if the network reads lips, the scores fall"
"$lipsound2" eval --run "$out/run" --metrics stoi,estoi,pesq --swap-videos

say "a silent video gets its voice"
id=$(sed -n 's/.*"id": *"\([^"]*\)".*"split": *"test".*/\1/p' "$out/data/manifest.jsonl" | head -n 1)
"$lipsound2" synthesize --run "$out/run" "$out/corpus/$id.mpg" --out "$out/spoken" --mux

say "done"
echo "report:   $out/run/eval/test/report.html"
echo "pictures: $out/run/eval/test/figures/"
echo "video:    $out/spoken/$(basename "$id").mp4"
