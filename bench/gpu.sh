#!/usr/bin/env bash
# Everything that only a machine with a GPU can show, in one command: build, the tests on CUDA, the
# memory and race checkers, the roofline. Needs nvcc, torch with CUDA, pytest and hypothesis, and no
# network. Results go to $OUT, or to bench/results.
#
#   bash bench/gpu.sh            all of it, about 10 minutes
#   bash bench/gpu.sh tests      or some steps: build tests sanitizers roofline
set -uo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
OUT=${OUT:-$PWD/bench/results}
STEPS=${*:-build tests sanitizers roofline}
export PYTHONPATH=$PWD:$PWD/python PYTHONUNBUFFERED=1 MAX_JOBS=${MAX_JOBS:-$(nproc)}
mkdir -p "$OUT"
failed=()

step() {  # name, then the command, whose output goes to a log as well
  local name=$1; shift
  [[ " $STEPS " == *" ${name%%-*} "* ]] || return 0
  echo "== $name"
  "$@" 2>&1 | tee "$OUT/$name.log" | tail -25 || failed+=("$name")
}

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || exit 2
step build env RMPE_EXT_CUDA=1 $PYTHON setup.py -q build_ext --inplace
$PYTHON -c 'import rmpe_ext; b = rmpe_ext.backend(); assert b.cuda_library, b.cuda_reason' || exit 2

step tests $PYTHON -m pytest -q --maxfail=50 tests/ops
# Every op, in the sizes of tests/ops/cases.py.
for tool in memcheck racecheck initcheck; do
  step sanitizers-$tool compute-sanitizer --tool $tool --error-exitcode 1 \
    $PYTHON -m pytest -q tests/ops/test_cuda.py -k "equals_the_cpu and float32"
done
step roofline $PYTHON bench/roofline.py --out "$OUT"

if ((${#failed[@]})); then echo "FAILED: ${failed[*]}"; exit 1; fi
echo "all steps passed: $STEPS"
