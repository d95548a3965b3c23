# Everything here starts from nothing but Python 3.11 or newer: the first target that needs it makes .venv.
#
#   make demo      grade the sample submissions
#   make test      the project's own tests            PYTEST_ARGS="-k scoring" chooses
#   make slow      those that take long: releases and notebooks as a whole
#   make attacks   hostile hand-ins in every kind of cage
#   make release   the students' release, from the source
#   make check     lint, format, types
#   make bench     the measurements in benchmarks/
#   make clean     remove .venv and everything that was made

PYTHON ?= python3
PYTEST_ARGS ?=

# A further package index for torch. PyPI's build for Linux brings the CUDA libraries; the CPU build is a tenth of it:
#   make test TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=

BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test slow attacks release check bench clean

demo: $(INSTALLED)
	$(BIN)/autograder demo

test: $(INSTALLED)
ifeq ($(strip $(PYTEST_ARGS)),)
	$(BIN)/python -m pytest -m 'not slow' -n 2 --dist loadfile --ignore tests/cage --ignore tests/attacks
	# One at a time: they look at what is left on the whole machine, and use one plain uid.
	$(BIN)/python -m pytest -m 'not slow' tests/cage
else
	$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile

attacks: $(INSTALLED)
	AUTOGRADER_ATTACKS=tiers $(BIN)/python -m pytest tests/attacks

release: $(INSTALLED)
	$(BIN)/autograder release assignment3

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, not " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c constraints.txt -e '.[course,dev]'
	@touch $@
