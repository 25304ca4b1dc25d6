# The front door. `make` lists what there is; every target sets up what it needs, once:
#   .venv         development    requirements/dev.txt
#   .venv-demo    demonstration  requirements/demo.txt
#   .venv-lowest  lowest allowed versions of the requirements  requirements/lowest.txt
#   .venv-workflows  linters of .github/  requirements/workflows.txt
#   .venv-lock    uv alone, to renew these locks  requirements/lock.txt

WINDOWS := $(filter Windows_NT,$(OS))
PYTHON  ?= $(if $(WINDOWS),python,python3)
VENV    ?= .venv
IN      := $(if $(WINDOWS),Scripts,bin)
BIN     := $(VENV)/$(IN)
RUN     := $(BIN)/python
DEMO    := $(VENV)-demo/$(IN)/python
LOWEST  := $(VENV)-lowest/$(IN)/python
WORKFLOWS := $(VENV)-workflows/$(IN)
UV      := $(VENV)-lock/$(IN)/uv
PIP_WHEEL ?=  # a wheel of pip, for set-up to use instead of the one that Python brings
ARGS    ?=
BASE    ?= HEAD

ifneq ($(words $(VENV)),1)
$(error VENV is one folder, whose name has no spaces)
endif
# Code from elsewhere must not be imported instead of that of the environment.
unexport PYTHONHOME PYTHONPATH
# Run the pyright that the lock installs, without asking the package index for a newer one.
unexport PYRIGHT_PYTHON_FORCE_VERSION PYRIGHT_PYTHON_PYLANCE_VERSION
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

READY        := $(VENV)/.ready
READY_DEMO   := $(VENV)-demo/.ready
READY_LOWEST := $(VENV)-lowest/.ready
READY_WORKFLOWS := $(VENV)-workflows/installed.txt
READY_LOCK   := $(VENV)-lock/installed.txt
PIPS         := $(VENV)/.downloaded

.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox test test-lowest coverage generate check-generated spec-diff lint lint-workflows \
        typecheck check format build check-dist sbom docs pictures bench faults fuzz load record lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A changed lock rebuilds its environment; a changed pyproject.toml only installs the project again.
$(VENV)/installed.txt: requirements/dev.txt
$(VENV)-demo/installed.txt: requirements/demo.txt
$(VENV)-lowest/installed.txt: requirements/lowest.txt
$(VENV)-workflows/installed.txt: requirements/workflows.txt
$(VENV)-lock/installed.txt: requirements/lock.txt
# The script decides: the lock, the folder and the Python count. Without PYTHON=, any Python is kept.
SET_UP := "$(PYTHON)" scripts/set_up.py
KEEP   := $(if $(filter file,$(origin PYTHON)),--any-python)
%/installed.txt: FORCE
	@$(SET_UP) create $(@D) $(filter %.txt,$^) $(KEEP) $(if $(PIP_WHEEL),--pip $(PIP_WHEEL))
FORCE:
%/.ready: %/installed.txt pyproject.toml
	@$(SET_UP) project $(@D)
	@touch $@
# The tests of the locks try them with an old and a new pip.
$(PIPS): $(VENV)/installed.txt requirements/pip-oldest.txt requirements/pip-newest.txt
	@$(SET_UP) download $(@D) $(filter requirements/%,$^)
	@touch $@

setup: $(READY) $(PIPS)  ## Set up .venv and nothing else

demo: $(READY_DEMO)  ## Walk through the platform on a local sandbox (ARGS=--json for machines)
	@$(DEMO) -m demo $(ARGS)

sandbox: $(READY_DEMO)  ## Start the local sandbox and leave it running (ARGS=--help)
	@$(DEMO) -m bitfount_api.sandbox $(ARGS)

test: $(READY) $(PIPS)  ## Run all tests (ARGS="-k name" for some, ARGS="-m 'not slow'" for the fast)
	$(RUN) -m pytest --numprocesses auto --dist worksteal $(ARGS)

test-lowest: $(READY_LOWEST)  ## Run the unit tests with the lowest versions that pyproject.toml allows
	$(LOWEST) -m pytest tests/unit $(ARGS)

coverage: $(READY) $(PIPS)  ## Run all tests, and fail if they leave too much of the code out
	$(RUN) -m coverage erase
	$(RUN) -m coverage run -m pytest $(ARGS)
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report

generate: $(READY)  ## Make generated/ from openapi/, the sync clients, the table of exports
	$(RUN) scripts/generate.py
	$(RUN) scripts/unasync.py
	$(RUN) scripts/exports.py

check-generated: $(READY)  ## See that everything generated is what `make generate` makes
	$(RUN) scripts/generate.py --check
	$(RUN) scripts/unasync.py --check
	$(RUN) scripts/exports.py --check

spec-diff: $(READY)  ## Tell which changes to openapi/ since BASE=<git rev> break callers
	@$(RUN) scripts/spec_diff.py $(BASE) $(ARGS)

lint: $(READY)  ## Look for mistakes and odd formatting
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

lint-workflows: $(READY_WORKFLOWS)  ## Look for mistakes and weaknesses in .github/
	$(WORKFLOWS)/jactionlint
	$(WORKFLOWS)/zizmor --offline --quiet .github

# --verifytypes ignores --pythonpath, and asks the first python in PATH where packages are.
VERIFY_TYPES := PATH="$$(cd $(BIN) && pwd):$$PATH" $(RUN) -m pyright --verifytypes

typecheck: $(READY)  ## Check the types, strictly, and that every public type is known
	$(RUN) -m mypy -p bitfount_api -p demo
	$(RUN) -m mypy scripts tests
	$(RUN) -m pyright --pythonpath $(RUN)
	@report=$$($(VERIFY_TYPES) bitfount_api --ignoreexternal) || { echo "$$report"; exit 1; }; \
	  echo "$$report" | grep score

check: lint typecheck check-generated  ## All checks that run nothing of the code

format: $(READY)  ## Format the code
	$(RUN) -m ruff check --fix-only --quiet
	$(RUN) -m ruff format

build: $(READY)  ## Build the wheel and the source distribution into dist/
	rm -rf dist
	$(RUN) -m build --no-isolation --outdir dist .

check-dist: $(READY)  ## See that the wheel and the source distribution are fit to publish
	$(RUN) scripts/check_dist.py

sbom: $(READY) build  ## List the runtime dependencies of the built wheel in dist/sbom.cdx.json
	$(RUN) scripts/sbom.py

docs: $(READY)  ## Build the documentation into site/, and fail on a broken link
	$(BIN)/zensical build --clean --strict

pictures: $(READY)  ## Draw the documentation's pictures anew, and record the terminal
	$(RUN) -m docs.tools

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

COMPILE := $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --no-header \
           --generate-hashes --no-strip-extras --no-emit-index-url
RUNTIME := pyproject.toml --extra cli --extra sandbox

lock: $(READY_LOCK)  ## Choose the newest versions for all files in requirements/
	$(COMPILE) $(RUNTIME) --group dev --output-file requirements/dev.txt
	$(COMPILE) $(RUNTIME) --constraints requirements/dev.txt --output-file requirements/runtime.txt
	$(COMPILE) $(RUNTIME) --group editable --constraints requirements/dev.txt \
	  --output-file requirements/demo.txt
	$(COMPILE) $(RUNTIME) --group editable --resolution lowest-direct \
	  --output-file $(VENV)-lock/lowest.txt
	$(COMPILE) $(RUNTIME) --group editable --group unit --constraints $(VENV)-lock/lowest.txt \
	  --no-annotate --output-file requirements/lowest.txt
	$(COMPILE) --group workflows --output-file requirements/workflows.txt
	$(COMPILE) --group lock --output-file requirements/lock.txt
	$(COMPILE) --group pip --output-file requirements/pip-newest.txt
	$(COMPILE) --group pip --resolution lowest-direct --output-file requirements/pip-oldest.txt

clean:  ## Remove what was built, and the environments
	for folder in $(VENV) $(VENV)-demo $(VENV)-lowest $(VENV)-workflows $(VENV)-lock; do \
	  if [ -f $$folder/pyvenv.cfg ]; then rm -rf $$folder; fi; done
	rm -rf dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
