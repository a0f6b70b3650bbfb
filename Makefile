# Everything a newcomer needs. Each target does its own set-up, in .venv.
PYTHON ?= python3
MODELS ?= ../shared/models
DATA   ?= ../shared/data
PHOTOS ?= examples/photographs
# Options of rmpe infer, for `make demo` with other networks than those of the package.
NETWORKS ?=
TORCH  ?= torch>=2.10 torchvision
TORCHES ?= 2.10.0 2.13.0 2.15.0
FUZZ_SECONDS ?= 60
BIN    := .venv/bin
STEP   := @.ci/step
COCO   := "$(DATA)/coco-mini/person_keypoints.json" "$(DATA)/coco-mini/images"

.PHONY: help setup build test quick quick-list lint docs update ops-report cpp fuzz cuda-report sdist wheel compat demo \
        demo-inputs demo-video train-inputs train-shipped evaluate bench bench-compare instructions instructions-compare clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
# Build isolation would fetch a second torch for the build alone, so it is switched off.
INSTALL := PYTHONWARNINGS=ignore $(PIP) install --no-build-isolation --editable

.venv/ready: pyproject.toml setup.py build_backend.py
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("make: Python 3.10 or newer \
	is needed, and $(PYTHON) is " + sys.version.split()[0] + "; name one: make PYTHON=python3.12")'
	$(STEP) "Python environment in .venv" $(PYTHON) -m venv .venv
	@sed -n '/^requires = /s/[^"]*"\([^"]*\)"[^"]*/\1\n/gp' pyproject.toml > .venv/build-requires.txt
	$(STEP) "PyTorch and the tools of the build" $(PIP) install $(TORCH:%='%') \
	  --requirement .venv/build-requires.txt
	$(STEP) "the native libraries" $(BIN)/python setup.py --quiet build_ext --inplace
	$(STEP) "what the packages and their tests need" env $(INSTALL) ".[rmpe,heif,video,tables,train,test]"
	@touch $@

# What an extra of pyproject.toml names: .venv/lint, .venv/cpp, .venv/docs, .venv/bench, .venv/wheel.
.venv/%: .venv/ready
	$(STEP) "the tools for $*" env $(INSTALL) ".[$*]"
	@touch $@

build: .venv/ready  ## compile the native libraries in place
	@$(BIN)/python setup.py --quiet build_ext --inplace

setup: build  ## .venv with everything, the native libraries included
	@$(BIN)/rmpe doctor

test: build  ## all tests, on up to eight cores
	@$(BIN)/python -m pytest -q --numprocesses auto --maxprocesses 8 --dist worksteal

quick: build  ## some tests of every file, for every save: half a minute
	@$(BIN)/python -m tests.quick

quick-list: build  ## choose the tests of make quick anew, by what they take: tests/quick.txt
	@$(BIN)/python -m tests.quick --list

lint: .venv/lint  ## style and types of all code
	$(STEP) "ruff check" $(BIN)/ruff check .
	$(STEP) "ruff format" $(BIN)/ruff format --check .
	$(STEP) "clang-format" $(BIN)/clang-format --dry-run -Werror \
	  $(shell git ls-files '*.h' '*.cpp' '*.cu')
	$(STEP) "mypy" $(BIN)/mypy
	$(STEP) "basedpyright" $(BIN)/basedpyright --level error --pythonpath $(BIN)/python
	$(STEP) "GitHub workflows" $(BIN)/check-jsonschema --builtin-schema vendor.github-workflows \
	  .github/workflows/*.yml

docs: .venv/docs  ## the documentation as a site, in build/site; fails where a link leads nowhere
	$(STEP) "build/site/index.html" env NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# In this order: functions of arrays come from those of tensors, lists and tables from both.
update: .venv/lint  ## rewrite what comes from the code: rmpe_ext/numpy, lists of names, tables
	$(STEP) "rmpe_ext/numpy" $(BIN)/python -m tests.numpy.test_functions
	$(STEP) "lists of the ops" $(BIN)/python -m tests.test_api
	$(STEP) "python/rmpe/__init__.pyi" $(BIN)/python -m tests.rmpe.test_public_names
	$(STEP) "tables in docs" $(BIN)/python -m tests.test_docs

ops-report: build  ## what the tests show of each op: docs/ops.md
	@$(BIN)/python -m tests.ops.test_integration

# As users build it, and under the sanitizers, which see no code that is compiled for one processor.
cpp: cpp-plain cpp-address cpp-thread  ## the C++ library and the CUDA kernels, on the CPU, under the sanitizers

CMAKE := $(BIN)/cmake -S . -G Ninja -DCMAKE_MAKE_PROGRAM="$(abspath $(BIN)/ninja)" \
           -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
cpp-%: .venv/cpp
	$(STEP) "cpp-$*: configure" $(CMAKE) -B build/cpp-$* -DRMPE_SANITIZE=$(filter-out plain,$*)
	$(STEP) "cpp-$*: compile" $(BIN)/cmake --build build/cpp-$* --parallel 2
	$(STEP) "cpp-$*: test" $(BIN)/ctest --test-dir build/cpp-$* --output-on-failure --parallel 2

# What a fuzzer finds stays in build/fuzz: inputs to go on from in corpus/, and one that broke it as
# crash-*, which the fuzzer runs again when given its name.
fuzz: .venv/cpp  ## inputs that might break the C++ library, FUZZ_SECONDS for each of four fuzzers
	$(STEP) "fuzz: configure" $(CMAKE) -B build/fuzz -DCMAKE_CXX_COMPILER=clang++ \
	  -DRMPE_BUILD_FUZZERS=ON -DRMPE_BUILD_TESTS=OFF -DRMPE_SANITIZE=address
	$(STEP) "fuzz: compile" $(BIN)/cmake --build build/fuzz --parallel 2
	@for fuzzer in affine_sample crop decode pose_nms; do \
	  mkdir -p build/fuzz/corpus/$$fuzzer && .ci/step "fuzz: $$fuzzer" \
	    build/fuzz/tests/fuzz/fuzz_$$fuzzer build/fuzz/corpus/$$fuzzer tests/fuzz/corpus/$$fuzzer \
	    -max_len=256 -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/ || exit 1; \
	done

cuda-report: .venv/ready  ## what the compiler gives each CUDA kernel: docs/cuda_resources.md
	$(STEP) "docs/cuda_resources.md" sh -c '$(BIN)/python bench/cuda_report.py > docs/cuda_resources.md'

sdist: .venv/ready  ## the sources as an archive, in dist/
	@rm -rf dist
	$(STEP) "source archive" $(BIN)/python setup.py --quiet sdist

# Torch's libraries are those of the user's torch, so they stay out of the wheel.
wheel: sdist .venv/wheel  ## one wheel for every Python from 3.10 and torch from 2.10 on, in dist/
	@rm -rf build/wheel
	$(STEP) "wheel from that archive" $(PIP) wheel --no-build-isolation --no-deps \
	  --wheel-dir build/wheel $$(echo dist/*.tar.gz)
	$(STEP) "its manylinux tag" env PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair \
	  --exclude 'libtorch*.so' --exclude 'libc10*.so' --wheel-dir dist $$(echo build/wheel/*.whl)
	@ls dist/*.whl

compat: $(TORCHES:%=compat-%)  ## the op tests on that wheel, under several releases of torch

# The tests run from a folder without the sources, so that they see the installed wheel.
compat-%: wheel
	@mkdir -p build/compat/$*
	$(STEP) "torch $*: environment" $(PYTHON) -m venv --clear build/compat/$*/venv
	$(STEP) "torch $*: packages" build/compat/$*/venv/bin/python -m pip install --quiet torch==$* \
	  $$(echo dist/*.whl) hypothesis ml-dtypes opencv-python-headless pytest
	@rm -rf build/compat/$*/tests && cp -r tests build/compat/$*/tests
	@cd build/compat/$* && RMPE_DATA="$(abspath $(DATA))" RMPE_EXT_BACKEND=native \
	  venv/bin/python -m pytest -q tests/ops tests/numpy

# Before anything is set up: are the photographs there?
demo-inputs:
	@test -e "$(PHOTOS)" || { echo "make demo: no photographs in $(PHOTOS);" \
	  "name a folder or a file: make demo PHOTOS=PATH"; exit 2; }

demo: demo-inputs build  ## photographs in, pictures with skeletons out, in demo/
	@$(BIN)/rmpe infer "$(PHOTOS)" $(NETWORKS) --out demo --overwrite
	@$(BIN)/rmpe contact-sheet demo/drawings --out demo/contact-sheet.jpg --overwrite
	@echo "Look at demo/contact-sheet.jpg, and at the pictures in demo/drawings. Yours: make demo PHOTOS=PATH. More: $(BIN)/rmpe infer --help"

VIDEO := demo-video
demo-video: build  ## a moving picture of one of them, and a video with tracked people, in demo-video/
	@$(BIN)/python examples/python/make_video.py examples/photographs/basketball.jpg --out $(VIDEO)/moving.mp4
	@$(BIN)/rmpe infer $(VIDEO)/moving.mp4 $(NETWORKS) --track --no-draw --out $(VIDEO)/results --overwrite
	@$(BIN)/rmpe draw $(VIDEO)/results $(VIDEO)/moving.mp4 --out $(VIDEO)/poses.mp4 --overwrite
	@echo "Look at $(VIDEO)/poses.mp4. Your videos: $(BIN)/rmpe infer VIDEO --track, then $(BIN)/rmpe draw --help"

# Goes on where it was interrupted. A network of another architecture or input size than before needs a new graph
# in the package, too: rmpe export NAME --graph python/rmpe/models/cards/NAME.onnx --overwrite
RUNS  ?= runs/shipped
TRAIN := $(BIN)/rmpe train python/rmpe/training/configs
LINKED := $(RUNS)/data
train-inputs:
	@for name in coco-people human-boxes; do test -d "$(DATA)/$$name" || { echo "make train-shipped: no $$name" \
	  "in $(DATA); name the folder of the data: make train-shipped DATA=DIR"; exit 2; }; done
	@for name in ssd_mobilenet_v1_coco movenet_thunder; do test -f "$(MODELS)/$$name.onnx" || { \
	  echo "make train-shipped: no $$name.onnx, a teacher, in $(MODELS); name its folder:" \
	  "make train-shipped MODELS=DIR"; exit 2; }; done

train-shipped: train-inputs build .venv/bench  ## train the networks of the package anew, and compare: docs/shipped.md
	@mkdir -p "$(LINKED)/human-boxes"
	@for name in coco-people human-boxes/images human-boxes/people.json; do \
	  ln -sfn "$(abspath $(DATA))/$$name" "$(LINKED)/$$name" || exit 1; \
	done
	@test -f "$(LINKED)/human-boxes/movenet.json" || $(BIN)/rmpe label "$(LINKED)/human-boxes/images" \
	  --boxes "$(LINKED)/human-boxes/people.json" --pose movenet_thunder_coco17 --models "$(MODELS)" \
	  --similarity 0.3 --keypoints 3 --out "$(LINKED)/human-boxes/movenet.json" --resume
	@for part in "detector:detector detector_more:detector_more" "pose:pose pose_more:pose_more \
	    pose_again:pose_more pose_large:pose_large pose_largest:pose_largest"; do \
	  before=; for run in $$part; do \
	    name=$${run%:*}; options=; \
	    test -z "$$before" || options="--weights $(RUNS)/$$before/checkpoint.pt"; \
	    test ! -f "$(RUNS)/$$name/checkpoint.pt" || options=--resume; \
	    RMPE_MODELS="$(abspath $(MODELS))" $(TRAIN)/$${run#*:}.toml --data "$(LINKED)" \
	      --out "$(RUNS)/$$name" $$options || exit 1; \
	    before=$$name; \
	  done; \
	done
	@$(BIN)/python -m bench.score_scale "$(RUNS)/detector_more/average.toml" --out "$(RUNS)/scaled"
	@RMPE_DATA="$(abspath $(DATA))" RMPE_MODELS="$(abspath $(MODELS))" $(BIN)/python -m bench.shipped \
	  --detector "$(RUNS)/scaled/detector.toml" --pose "$(RUNS)/pose_largest/average.toml"

EVALUATE := @$(BIN)/rmpe evaluate $(COCO) --models "$(MODELS)" --detector ssd_mobilenet_v1_coco \
            --pose simplepose_coco17
evaluate: build  ## keypoint AP on the photographs of coco-mini, as the README reports it
	$(EVALUATE) --boxes true --nms none
	$(EVALUATE) --boxes true --nms none --convention dark
	$(EVALUATE) --boxes true --nms none --flip
	$(EVALUATE) --boxes true --nms none --flip --convention dark
	$(EVALUATE) --threshold 0.1 --nms none,paper,rmpe,alphapose
	$(EVALUATE) --nms none,alphapose

bench: build .venv/bench  ## the ops against what people use today: docs/benchmarks.md
	@RMPE_MODELS="$(abspath $(MODELS))" RMPE_DATA="$(abspath $(DATA))" $(BIN)/python -m pytest bench -q \
	  --benchmark-max-time=0.3 --benchmark-group-by=group --benchmark-columns=median,iqr,rounds \
	  --benchmark-json="$$($(BIN)/python -m bench.machine)/suite.json"
	@$(BIN)/python -m bench.pairs --write
	@$(BIN)/python -m bench.load --write
	@RMPE_MODELS="$(abspath $(MODELS))" RMPE_DATA="$(abspath $(DATA))" $(BIN)/python -m bench.pipeline --write
	@$(BIN)/python -m bench.report

bench-compare: build .venv/bench  ## fails where an op fell behind its baseline since make bench
	@$(BIN)/python -m bench.pairs --compare
	@$(BIN)/python -m bench.load --compare

instructions-compare: .venv/cpp  ## fails where a C++ loop takes 3 % more instructions than before
	@$(BIN)/python bench/instructions/count.py --compare

instructions: .venv/cpp  ## makes the instructions that the C++ loops take now the baseline
	@$(BIN)/python bench/instructions/count.py --write

clean:  ## remove what was built, the environment included
	rm -rf .venv build dist demo rmpe_ext/*.so rmpe_ext.egg-info python/rmpe_ext.egg-info
