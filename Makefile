# The front door. `make` lists what there is; every target sets up what it needs in .venv, once.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/python
READY  := $(VENV)/.ready
ARGS   ?=
BASE   ?= HEAD

.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox test coverage generate check-generated spec-diff lint typecheck \
        check format build docs pictures bench faults fuzz load record lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, and $(PYTHON) is " \
	  + sys.version.split()[0] + ": make PYTHON=...") if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV) (once; some minutes on a slow link) ..." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(READY)  ## Set up .venv and nothing else

demo: $(READY)  ## Walk through the platform on a local sandbox (ARGS=--json for machines)
	@$(RUN) -m demo $(ARGS)

sandbox: $(READY)  ## Start the local sandbox and leave it running (ARGS=--help)
	@$(RUN) -m bitfount_api.sandbox $(ARGS)

test: $(READY)  ## Run all tests (ARGS="-k name" for some)
	$(RUN) -m pytest $(ARGS)

coverage: $(READY)  ## Run all tests, and fail if they leave too much of the code out
	$(RUN) -m coverage erase
	$(RUN) -m coverage run -m pytest $(ARGS)
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report

generate: $(READY)  ## Make generated/ from openapi/
	$(RUN) scripts/generate.py

check-generated: $(READY)  ## See that generated/ is what openapi/ makes
	$(RUN) scripts/generate.py --check

spec-diff: $(READY)  ## Tell which changes to openapi/ since BASE=<git rev> break callers
	@$(RUN) scripts/spec_diff.py $(BASE) $(ARGS)

lint: $(READY)  ## Look for mistakes and odd formatting
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

typecheck: $(READY)  ## Check the types, strictly
	$(RUN) -m mypy -p bitfount_api -p demo
	$(RUN) -m mypy scripts tests

check: lint typecheck check-generated  ## All checks that run nothing of the code

format: $(READY)  ## Format the code
	$(RUN) -m ruff check --fix-only --quiet
	$(RUN) -m ruff format

build: $(READY)  ## Build the wheel and the source distribution into dist/
	rm -rf dist
	$(RUN) -m build --no-isolation --outdir dist .

docs: $(READY)  ## Build the documentation into site/, and fail on a broken link
	$(BIN)/zensical build --clean --strict

pictures: $(READY)  ## Draw the documentation's pictures anew, and record the terminal
	$(RUN) -m docs.making

bench: $(READY)  ## Measure every row of the performance budget (ARGS=--quick)
	@$(RUN) -m benchmarks $(ARGS)

faults: $(READY)  ## Print what each operation comes to under each fault
	@$(RUN) scripts/faults.py $(ARGS)

fuzz: $(READY)  ## Look for answers, files and names that break something, 10,000 an operation
	HYPOTHESIS_PROFILE=fuzz $(RUN) -m pytest tests/property $(ARGS)

load: $(READY)  ## Put 200 threads and 2,000 tasks on one session for a minute
	@$(RUN) scripts/load.py $(ARGS)

record: $(READY)  ## Record the cassettes of every operation anew, against the sandbox
	$(RUN) scripts/record.py $(ARGS)

lock: $(READY)  ## Choose the newest versions for requirements/dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra cli --extra sandbox --group dev pyproject.toml \
	  --output-file requirements/dev.txt

clean:  ## Remove what was built, and .venv
	rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
