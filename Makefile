# make run    from nothing to an installed pipeline: creates .venv, trains, reports, packages, installs
# make test   ruff, mypy and all tests
#
# PYTHON=python3.12 make run    takes another Python (3.10 or later)

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -c constraints.txt

# Small matrices: more threads than one take longer
export OMP_NUM_THREADS ?= 1

.PHONY: run test

run: .venv/project
	$(BIN)/python -m spacy project run all .

test: .venv/dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

# The stamps .venv/project and .venv/dev say what is installed. torch comes first, so that nothing
# else settles which build of it is taken.
.venv/project: .venv/torch setup.cfg pyproject.toml
	$(PIP) -e ".[dev]"
	touch $@

.venv/dev: .venv/torch setup.cfg pyproject.toml
	$(PIP) -e ".[dev]"
	touch $@ .venv/project

.venv/torch: constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) torch
	touch $@
