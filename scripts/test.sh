#!/usr/bin/env bash
# Builds with warnings as errors and runs everything: format check, unit, reference, learn, end-to-end and fault tests.
# Tests on real clips run when LIPSOUND2_DATA names their folder. Leaves screenshots of a report in build/dev/screenshots.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh ffmpeg chromium  # to look into shards and at reports
scripts/check_format.sh
cmake --preset dev
cmake --build --preset dev
ctest --preset dev "$@"
