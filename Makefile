# Everything a newcomer needs; each target does its own set-up in .venv.
PYTHON ?= python3
MODELS ?= ../shared/models
DATA   ?= ../shared/data
BIN    := .venv/bin

.PHONY: help setup build test demo evaluate bench cpp clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "torch>=2.10" torchvision "setuptools>=77" wheel ninja
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[rmpe,test]"
	touch $@

build: .venv/ready  ## compile the native library in place
	$(BIN)/python setup.py --quiet build_ext --inplace

setup: build  ## .venv with everything, the native library included
	$(BIN)/rmpe doctor

test: build  ## all tests
	$(BIN)/python -m pytest -q

clean:  ## remove what was built, the environment included
	rm -rf .venv build dist rmpe_ext/_C*.so rmpe_ext.egg-info python/rmpe_ext.egg-info
