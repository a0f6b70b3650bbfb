# Everything a newcomer needs. Each target does its own set-up, in .venv.
PYTHON ?= python3
MODELS ?= ../shared/models
DATA   ?= ../shared/data
PHOTOS ?= $(DATA)/coco-mini/images
TORCHES ?= 2.10.0 2.13.0 2.15.0
FUZZ_SECONDS ?= 60
BIN    := .venv/bin
COCO   := "$(DATA)/coco-mini/person_keypoints.json" "$(DATA)/coco-mini/images"

.PHONY: help setup build test lint docs cpp fuzz cuda-report sdist wheel compat demo evaluate \
        bench bench-compare instructions instructions-compare clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# Build isolation would install a second torch for the build alone, so it is switched off. The CUDA
# kernels, which take minutes, are left to those targets that need them.
INSTALL := PYTHONWARNINGS=ignore RMPE_EXT_CUDA=0 $(BIN)/python -m pip install --quiet \
             --no-build-isolation --editable
.venv/ready: pyproject.toml setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "torch>=2.10" torchvision "setuptools>=77" ninja \
	  "numpy>=2" cmake
	$(INSTALL) ".[rmpe,test]"
	touch $@

build: .venv/ready  ## compile the native libraries in place
	$(BIN)/python setup.py --quiet build_ext --inplace

setup: build  ## .venv with everything, the native library included
	$(BIN)/rmpe doctor

test: build  ## all tests
	$(BIN)/python -m pytest -q

lint: .venv/ready  ## the style of the Python code
	$(BIN)/ruff check .

docs: build  ## docs/ops.md, the table of what the tests have shown of each op
	$(BIN)/python -m tests.ops.test_integration

# As users build it, and under the sanitizers, which see no code that is compiled for one processor.
cpp: cpp-plain cpp-address cpp-thread  ## the C++ library and the CUDA kernels, on the CPU, under the sanitizers

cpp-%: .venv/ready
	$(BIN)/cmake -S . -B build/cpp-$* -DRMPE_SANITIZE=$(filter-out plain,$*) \
	  -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
	$(BIN)/cmake --build build/cpp-$* --parallel 2
	$(BIN)/ctest --test-dir build/cpp-$* --output-on-failure --parallel 2

# What a fuzzer finds stays in build/fuzz: inputs to go on from in corpus/, and one that broke it as
# crash-*, which the fuzzer runs again when given its name.
fuzz: .venv/ready  ## inputs that might break the C++ library, FUZZ_SECONDS for each of four fuzzers
	$(BIN)/cmake -S . -B build/fuzz -DCMAKE_CXX_COMPILER=clang++ -DRMPE_BUILD_FUZZERS=ON \
	  -DRMPE_BUILD_TESTS=OFF -DRMPE_SANITIZE=address -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
	$(BIN)/cmake --build build/fuzz --parallel 2
	for fuzzer in affine_sample crop decode pose_nms; do \
	  mkdir -p build/fuzz/corpus/$$fuzzer && \
	  build/fuzz/tests/fuzz/fuzz_$$fuzzer build/fuzz/corpus/$$fuzzer tests/fuzz/corpus/$$fuzzer \
	    -max_len=256 -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/ || exit 1; \
	done

cuda-report: .venv/ready  ## what the compiler gives each CUDA kernel: docs/cuda_resources.md
	$(BIN)/python bench/cuda_report.py > docs/cuda_resources.md

sdist: .venv/ready  ## the sources as an archive, in dist/
	rm -rf dist
	$(BIN)/python setup.py --quiet sdist

wheel: sdist  ## one wheel for every torch from 2.10 on, built from that archive, in dist/
	$(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir dist dist/*.tar.gz

compat: $(TORCHES:%=compat-%)  ## the op tests on that wheel, under several releases of torch

# The tests run from a folder without the sources, so that they see the installed wheel.
compat-%: wheel
	mkdir -p build/compat/$*
	$(PYTHON) -m venv --clear build/compat/$*/venv
	build/compat/$*/venv/bin/python -m pip install --quiet torch==$* dist/*.whl \
	  hypothesis ml-dtypes opencv-python-headless pytest
	rm -rf build/compat/$*/tests && cp -r tests build/compat/$*/tests
	cd build/compat/$* && RMPE_DATA="$(abspath $(DATA))" RMPE_EXT_BACKEND=native \
	  venv/bin/python -m pytest -q tests/ops tests/numpy

demo: build  ## photographs in, pictures with skeletons out, in demo/
	@test -d "$(MODELS)" || { echo "make demo: the networks' files are not in $(MODELS);" \
	  "name their folder: make demo MODELS=DIR (see: $(BIN)/rmpe models)"; exit 2; }
	@test -e "$(PHOTOS)" || { echo "make demo: no photographs in $(PHOTOS);" \
	  "name a folder or a file: make demo PHOTOS=PATH"; exit 2; }
	$(BIN)/rmpe infer "$(PHOTOS)" --models "$(MODELS)" --out demo --overwrite

evaluate: build  ## keypoint AP on the photographs of coco-mini, as the README reports it
	$(BIN)/rmpe evaluate $(COCO) --models "$(MODELS)" --boxes true --nms none
	$(BIN)/rmpe evaluate $(COCO) --models "$(MODELS)" --boxes true --nms none --convention dark
	$(BIN)/rmpe evaluate $(COCO) --models "$(MODELS)" --boxes true --nms none --flip
	$(BIN)/rmpe evaluate $(COCO) --models "$(MODELS)" --boxes true --nms none --flip --convention dark
	$(BIN)/rmpe evaluate $(COCO) --models "$(MODELS)" --threshold 0.1 --nms none,paper,rmpe,alphapose
	$(BIN)/rmpe evaluate $(COCO) --models "$(MODELS)" --nms none,alphapose

.venv/bench: .venv/ready
	$(INSTALL) ".[bench]"
	touch $@

bench: build .venv/bench  ## the ops against what people use today: docs/benchmarks.md
	mkdir -p bench/results
	RMPE_MODELS="$(abspath $(MODELS))" RMPE_DATA="$(abspath $(DATA))" $(BIN)/python -m pytest bench -q \
	  --benchmark-max-time=0.3 --benchmark-group-by=group --benchmark-columns=median,iqr,rounds \
	  --benchmark-json=bench/results/suite.json
	$(BIN)/python -m bench.pairs --write
	$(BIN)/python -m bench.report

bench-compare: build .venv/bench  ## fails where an op fell behind its rival since make bench
	$(BIN)/python -m bench.pairs --compare

instructions-compare: .venv/ready  ## fails where a C++ loop takes 3 % more instructions than before
	$(BIN)/python bench/instructions/count.py --compare

instructions: .venv/ready  ## makes the instructions that the C++ loops take now the baseline
	$(BIN)/python bench/instructions/count.py --write

clean:  ## remove what was built, the environment included
	rm -rf .venv build dist demo rmpe_ext/*.so rmpe_ext.egg-info python/rmpe_ext.egg-info
