#!/usr/bin/env bash
# Installs what lipsound2 is built with, as far as it is missing: Debian packages (with apt-get, through sudo unless you are
# root), also those that are named as arguments, and LibTorch out of PyPI's `torch` wheel into .venv, unless Torch_DIR or
# CMAKE_PREFIX_PATH names one. Safe to run twice.
set -euo pipefail
cd "$(dirname "$0")/.."

torch_version=2.13.0
packages=(build-essential cmake ninja-build ccache pkg-config python3 libopencv-dev opencv-data libavformat-dev
  libavcodec-dev libavutil-dev libswscale-dev libswresample-dev libsoxr-dev libsndfile1-dev libyaml-cpp-dev libspdlog-dev
  libfmt-dev libcli11-dev nlohmann-json3-dev libjpeg62-turbo-dev libpng-dev zlib1g-dev libzip-dev libespeak-ng-dev espeak-ng-data libgtest-dev
  libgmock-dev clang-format-19 "$@")

say() { printf 'setup: %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3-venv); fi
if [ "${#missing[@]}" -gt 0 ]; then
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  say "all Debian packages are there"
fi

own_torch() {
  [ -n "${Torch_DIR:-}" ] && return 0
  local prefix
  for prefix in $(tr ':;' '  ' <<<"${CMAKE_PREFIX_PATH:-}"); do
    [ -n "$(find "$prefix" -name TorchConfig.cmake -print -quit 2>/dev/null)" ] && return 0
  done
  return 1
}

if own_torch; then
  say "using the LibTorch that Torch_DIR or CMAKE_PREFIX_PATH names"
elif [ "$(.venv/bin/python -c 'import torch; print(torch.__version__.split("+")[0])' 2>/dev/null || true)" = "$torch_version" ]; then
  say "LibTorch $torch_version is in .venv"
else
  say "installing LibTorch $torch_version (the torch wheel) into .venv"
  [ -x .venv/bin/python ] || python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "torch==$torch_version" numpy pyyaml
fi
say "ready: cmake --preset release && cmake --build --preset release"
