#!/usr/bin/env bash
# Fails, naming the files, when a source file is not formatted as .clang-format says, or lacks its final newline.
set -euo pipefail
cd "$(dirname "$0")/.."
find src include tests -name '*.h' -o -name '*.cpp' | sort | xargs clang-format-19 --dry-run --Werror
bad=0
while IFS= read -r file; do
  if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then
    echo "$file: no newline at its end"
    bad=1
  fi
done < <(find src include tests scripts configs docs cmake -type f ! -name '*.png' ! -name '*.pyc' ! -path 'tests/fuzz/corpus/*')
exit $bad
