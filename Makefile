# make run    create .venv, train a pipeline, evaluate it, package it and install it
# make test   run ruff, mypy and all tests
#
# PYTHON=python3.12 make run    use another Python (3.10 or later)

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -c constraints.txt

# Several threads are slower than one, because the matrices are small
export OMP_NUM_THREADS ?= 1

.PHONY: run test

run: .venv/project
	$(BIN)/python -m spacy project run all .

test: .venv/dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

# The files .venv/project and .venv/dev record what is installed. torch is installed first, so that no
# other package selects its build.
.venv/project: .venv/torch setup.cfg pyproject.toml
	$(PIP) -e ".[train]" setuptools
	touch $@

.venv/dev: .venv/torch setup.cfg pyproject.toml
	$(PIP) -e ".[dev]"
	touch $@ .venv/project

.venv/torch: constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) torch
	touch $@
