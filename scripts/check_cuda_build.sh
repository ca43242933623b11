#!/usr/bin/env bash
# Compiles and links the program against a CUDA LibTorch and nvJPEG, first without and then with the video module, and runs the tests
# of the loader, the layers and the trainer on the CPU. Needs nvcc, but no GPU: nothing that only a GPU can run runs here.
#
#   scripts/check_cuda_build.sh [FOLDER]
#
# FOLDER (default build/cuda) gets a Python environment with the wheels (5.4 GB), unless it has one, and the build. CUDA_HOME (default
# /usr/local/cuda) names the toolkit, which must be of the version that the torch wheel was built for: 13.0. JOBS (default 1) compilers
# run side by side.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-build/cuda}")
cuda=${CUDA_HOME:-/usr/local/cuda}
wheels=(torch==2.14.1 nvidia-nvjpeg==13.0.4.44)  # PyPI's torch 2.14.1 is the build for CUDA 13.0
python=$folder/python/bin/python

stop() { printf 'check_cuda_build: %s\n' "$*" >&2; exit 1; }

[ -x "$cuda/bin/nvcc" ] || stop "expected nvcc in $cuda/bin; CUDA_HOME names the toolkit"
[ -x "$python" ] || python3 -m venv "$folder/python"
"$python" -m pip install --quiet --disable-pip-version-check "${wheels[@]}"
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
nvidia=$packages/nvidia/cu13
[ -e "$nvidia/lib/libnvrtc.so.13" ] || stop "expected a torch wheel for CUDA 13 in $packages"

# build ON|OFF TARGETS: with or without the video module
build() {
  cmake -S . -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLIPSOUND2_WERROR=ON -DLIPSOUND2_CUDA=ON "-DLIPSOUND2_VIDEO=$1" \
    "-DCMAKE_PREFIX_PATH=$packages/torch/share/cmake" -DTORCH_CUDA_ARCH_LIST=9.0 "-DCUDA_TOOLKIT_ROOT_DIR=$cuda" \
    "-DCUDA_nvrtc_LIBRARY=$nvidia/lib/libnvrtc.so.13" "-DNVJPEG_ROOT=$nvidia" >"$folder/configure.log" 2>&1 ||
    stop "cmake failed, see $folder/configure.log"
  cmake --build "$folder/build" -j "${JOBS:-1}" --target "${@:2}"
}

# linked LIBRARY: whether the program is
linked() { [[ "$(ldd "$folder/build/lipsound2")" =~ $1 ]]; }

build OFF lipsound2 test_data test_nn test_train
linked libtorch_cuda || stop "expected the program to be linked to libtorch_cuda"
linked libnvjpeg || stop "expected the program to be linked to libnvjpeg"
if linked 'libopencv|libavcodec'; then stop "expected a program without OpenCV and FFmpeg"; fi
"$folder/build/lipsound2" --version
for module in data nn train; do "$folder/build/test_$module" --gtest_brief=1; done

build ON lipsound2
linked libavcodec || stop "expected the program to be linked to FFmpeg"
(cd configs && "$folder/build/lipsound2" doctor)
