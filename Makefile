# Two commands do everything on a fresh machine with Python 3.11 to 3.13: `make demo` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
DEBIAN := libportaudio2 libegl1 libgl1 libxkbcommon-x11-0 libfontconfig1 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 \
	libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-randr0 libxcb-shape0 libxcb-xkb1 fonts-dejavu-core
LIBRARIES := libportaudio.so.2 libEGL.so.1 libGL.so.1 libxkbcommon-x11.so.0 libfontconfig.so.1 libdbus-1.so.3 \
	libxcb-cursor.so.0 libxcb-icccm.so.4 libxcb-keysyms.so.1 libxcb-image.so.0 libxcb-render-util.so.0 libxcb-xkb.so.1
SCREEN := xvfb xdotool  # only tests need them: a screen, a mouse and a keyboard

.PHONY: demo test check bench system clean

demo: .venv/ready  ## split and remix the bundled recording; open it in the editor where there is a screen
	$(BIN)/voicebed demo -o demo-output
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		echo "Opening it in the editor."; $(BIN)/voicebed resources/demo/cafe.flac & fi

test: .venv/ready  ## lint, then the tests
	$(BIN)/ruff check .
	$(BIN)/pytest

check: .venv/ready  ## what a change must pass before it is sent: format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pytest

bench: .venv/ready  ## the figures in the README (needs ../shared/corpora for the quality table)
	$(BIN)/python -m tests.benchmarks.reach
	$(BIN)/python -m tests.benchmarks.quality

# Built once; made anew when the dependencies change.
.venv/ready: pyproject.toml | system
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Voicebed needs Python 3.11 to 3.13: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[eval,dev]'
	touch $@

# Libraries of the system that the window and the sound need: installed when root on Debian, else named.
system:
	@[ "$$(uname)" = Linux ] || exit 0; \
	missing=; for library in $(LIBRARIES); do \
		PATH=$$PATH:/sbin:/usr/sbin ldconfig -p | grep -q "$$library" || missing="$$missing $$library"; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		[ -z "$$missing" ] && command -v Xvfb >/dev/null && command -v xdotool >/dev/null && exit 0; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $(DEBIAN) $(SCREEN) >/dev/null; \
	elif [ -n "$$missing" ]; then \
		echo "For sound and the window, install:$$missing"; \
		echo "On Debian or Ubuntu: sudo apt-get install $(DEBIAN)"; \
	fi

clean:
	rm -rf .venv demo-output *.egg-info
