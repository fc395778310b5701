# make demo: set up, draw a clip, render it. make test: set up, lint, types, all tests.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types tests bench pictures clean

demo: $(VENV)/.installed $(VENV)/.pulled
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

# Browsers, sockets and signals on a busy machine have bad luck now and then: what failed is run once
# more, by itself, and has to pass then.
tests: $(VENV)/.tested $(VENV)/.debian $(VENV)/.pulled
	$(RUN) pytest -n 2 --dist loadfile -q || $(RUN) pytest --last-failed --last-failed-no-failures none -q

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

# Published networks that demo and tests use. Without a network nothing is pulled, and the tests that
# want a model are skipped.
MODELS := mediapipe-selfie mediapipe-selfie-landscape mediapipe-pose-detection \
	mediapipe-face-detection-full realesr-animevideov3-x2 rife-4 rvm-mobilenetv3

$(VENV)/.pulled: $(VENV)/.installed $(wildcard streamfx/models/cards/*.toml)
	@if $(RUN) streamfx models pull $(MODELS); then touch $@; \
	else echo "no models were pulled: tests that want one are skipped" >&2; fi

# Programs that tests of streamfx.live drive: two browsers, GStreamer's WebRTC. Where apt-get or the
# right to use it is missing, the tests that want one are skipped.
DEBIAN := chromium firefox-esr gir1.2-gst-plugins-bad-1.0 gir1.2-gst-plugins-base-1.0 \
	gstreamer1.0-libav gstreamer1.0-nice gstreamer1.0-plugins-bad gstreamer1.0-plugins-base \
	gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly python3-gi

$(VENV)/.debian: $(VENV)/.made
	@if dpkg -s $(DEBIAN) >/dev/null 2>&1; then touch $@; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install --yes --no-install-recommends $(DEBIAN) >/dev/null && touch $@ || \
		echo "apt-get failed: tests with browsers and GStreamer are skipped" >&2; \
	else echo "no apt-get, or not root: tests with browsers and GStreamer may be skipped" >&2; fi
