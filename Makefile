# make demo: set up, draw a clip, render it. make test: set up, lint, types, all tests.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types tests bench pictures clean

demo: $(VENV)/.installed
	$(RUN) streamfx demo

test: lint types tests

lint: $(VENV)/.tested
	$(RUN) ruff check .
	$(RUN) ruff format --check .

# nodes/ and presets/ import as streamfx.nodes and streamfx.presets: show mypy that tree.
types: $(VENV)/.tested
	rm -rf .typing && mkdir -p .typing/streamfx
	ln -s "$(CURDIR)"/streamfx/* "$(CURDIR)/nodes" "$(CURDIR)/presets" .typing/streamfx/
	$(RUN) mypy

tests: $(VENV)/.tested
	$(RUN) pytest -n 2 --dist loadfile -q

bench: $(VENV)/.tested
	for file in benchmarks/bench_*.py; do $(VENV)/bin/python $$file || exit 1; done

pictures: $(VENV)/.installed
	$(VENV)/bin/python docs/pictures.py

clean:
	rm -rf $(VENV) .typing build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Each step leaves a stamp when it is done, so that one that was interrupted is done again.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "streamfx needs Python 3.11 or newer, and $(PYTHON) is %d.%d; name another: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "$(PYTHON) lacks venv (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(PIP) --editable '.[test]'
	@touch $@
