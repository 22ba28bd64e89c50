#!/bin/sh
# build_fit_params.sh PYTHON OUTPUT: builds llama.cpp's llama-fit-params, with its RPC
# server beside it, for the CPU alone; runs at the root of the repository, and both paths
# are relative to it. A compiler for C++17 is asked for; all else comes by its hash.
set -eu
python=$1
output=$2

# The source package of llama-cpp-python holds llama.cpp's whole source, at this commit.
version=0.3.36
sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
commit=0c1e570

command -v c++ >/dev/null 2>&1 || {
    echo "a C++ compiler is needed: install one (Debian, Ubuntu: the g++ package)" >&2
    exit 1
}

venv=$PWD/.tools/fit-params-venv
work=$PWD/.tools/fit-params
mkdir -p "$work"
pip() {
    "$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input "$@"
}
"$python" -m venv --clear "$venv"
pip install --require-hashes --only-binary :all: -r requirements/fit-params.txt

# A source package may run code of its own when pip looks at it; it does so with the
# tools that were just installed, never with others.
echo "llama-cpp-python==$version --hash=sha256:$sha256" >"$work/source.txt"
PATH="$venv/bin:$PATH" pip download --require-hashes --no-deps --no-build-isolation \
    --no-binary :all: --dest "$work" -r "$work/source.txt"
rm -rf "$work/source"
mkdir "$work/source"
tar -xzf "$work/llama_cpp_python-$version.tar.gz" -C "$work/source" --strip-components 1
llama=$work/source/vendor/llama.cpp

# edit FILE OLD NEW: replaces a text that must stand there, and stand there once.
edit() {
    "$venv/bin/python" -c '
import sys
from pathlib import Path
file, old, new = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
text = file.read_text(encoding="utf-8")
if text.count(old) != 1:
    sys.exit(f"{file}: {old!r} does not stand there once")
file.write_text(text.replace(old, new), encoding="utf-8")
' "$@"
}
# What a server counts and the program leaves out: outputs of its slots alone, and slots
# that share one context. Sizes are printed to the byte, not in whole MiB.
edit "$llama/tools/fit-params/fit-params.cpp" \
    'auto cparams = common_context_params_to_llama(params);' \
    'params.n_outputs_max = params.n_outputs_max ? params.n_outputs_max : params.n_parallel;
    auto cparams = common_context_params_to_llama(params);'
edit "$llama/common/arg.cpp" \
    'set_env("LLAMA_ARG_KV_UNIFIED").set_examples({' \
    'set_env("LLAMA_ARG_KV_UNIFIED").set_examples({LLAMA_EXAMPLE_FIT_PARAMS, '
for part in model context compute; do
    edit "$llama/common/fit.cpp" "printf(\"%zu \", dmd[id].mb.$part/1024/1024);" \
        "printf(\"%.6f \", dmd[id].mb.$part/1048576.0);"
    edit "$llama/common/fit.cpp" "printf(\"%zu \", dmd.back().mb.$part/1024/1024);" \
        "printf(\"%.6f \", dmd.back().mb.$part/1048576.0);"
done
# With GGML_TRACE_ALLOC set it says what its allocator does (benchmarks/compute_study.py).
alloc=$llama/ggml/src/ggml-alloc.c
says='if (getenv("GGML_TRACE_ALLOC")) fprintf(stderr,'
edit "$alloc" 'chunk->max_size = MAX(chunk->max_size, addr.offset + size);' \
    "$says \"A %p %d %zu %zu\\n\", (void *) alloc, addr.chunk, addr.offset, size);
    chunk->max_size = MAX(chunk->max_size, addr.offset + size);"
edit "$alloc" 'struct buffer_address addr, size_t size) {
    size = aligned_offset(NULL, size, alloc->alignment);' \
    "struct buffer_address addr, size_t size) {
    size = aligned_offset(NULL, size, alloc->alignment);
    $says \"F %p %d %zu %zu\\n\", (void *) alloc, addr.chunk, addr.offset, size);"
edit "$alloc" 'static void ggml_dyn_tallocr_reset(struct ggml_dyn_tallocr * alloc) {' \
    "static void ggml_dyn_tallocr_reset(struct ggml_dyn_tallocr * alloc) {
    $says \"R %p\\n\", (void *) alloc);"

echo "building llama-fit-params of $version ($commit) (the first time: 5 to 15 minutes on two cores)"
PATH="$venv/bin:$PATH" cmake -S "$llama" -B "$work/build" -G Ninja --log-level=WARNING \
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
    -DGGML_RPC=ON -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF \
    -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_UI=OFF \
    -DLLAMA_BUILD_NUMBER=0 -DLLAMA_BUILD_COMMIT="$commit" >"$work/cmake.log"
"$venv/bin/cmake" --build "$work/build" --target llama-fit-params ggml-rpc-server \
    --parallel "${JOBS:-2}" >"$work/build.log"

mkdir -p "$(dirname "$output")"
cp "$work/build/bin/ggml-rpc-server" "$(dirname "$output")/"
cp "$work/build/bin/llama-fit-params" "$output"
