# demo, test, lint, bench; each one first brings VENV up to date with pyproject.toml and
# constraints.txt. Behind a machine without GPU, take PyTorch's smaller CPU builds:
#   make test TORCH_INDEX=https://download.pytorch.org/whl/cpu
PYTHON ?= python3
VENV ?= .venv
TORCH_INDEX ?=
WORKERS ?= 2

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
GROUND := pyproject.toml constraints.txt

.PHONY: demo test lint bench clean

demo: $(VENV)/.study
	$(BIN)/bedside demo -o demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Keras is installed for its turn into a virtual environment of its own, in the user's cache.
# BEDSIDE_DATA=/folder/of/open/sets also runs the studies of real data, some minutes a seed.
bench: $(VENV)/.dev
	$(BIN)/python benchmarks/install.py --python $(PYTHON)
	$(BIN)/python benchmarks/keras_peer.py
ifdef BEDSIDE_DATA
	$(BIN)/python benchmarks/monai_peer.py --data "$(BEDSIDE_DATA)"
	$(BIN)/python benchmarks/monai_volumes.py --data "$(BEDSIDE_DATA)"
	$(BIN)/python benchmarks/studies.py --data "$(BEDSIDE_DATA)" --study pneumoniamnist
	$(BIN)/python benchmarks/studies.py --data "$(BEDSIDE_DATA)" --study nih
else
	$(BIN)/python benchmarks/monai_peer.py --study synthetic --set data.patients=200 --epochs 2
	@echo "The studies: make bench BEDSIDE_DATA=/folder/of/open/sets"
	@echo "On made-up patients: $(BIN)/python benchmarks/studies.py --study synthetic"
	@echo "All others: benchmarks/README.md"
endif

clean:
	rm -rf build demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.study: $(GROUND) | $(BIN)/python
	$(INSTALL) -e ".[study]"
	@touch $@

# What the tests need contains what the demo needs, so this stamp renews both.
$(VENV)/.dev: $(GROUND) | $(BIN)/python
	$(INSTALL) -e ".[study,privacy,dev]"
	@touch $(VENV)/.study $@
