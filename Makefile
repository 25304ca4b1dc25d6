# `make` lists the targets. Each target creates the environments that it needs, once:
#   .venv         development    requirements/dev.txt
#   .venv-demo    demonstration  requirements/demo.txt
#   .venv-lowest  lowest allowed versions of the requirements  requirements/lowest.txt
#   .venv-workflows  linters of .github/  requirements/workflows.txt
#   .venv-lock    uv, to update these locks  requirements/lock.txt

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
PIP_WHEEL ?=  # a wheel of pip, for set-up to use instead of the pip bundled with Python
ARGS    ?=
BASE    ?= HEAD
TOOL    ?= openapi-python-client

ifneq ($(words $(VENV)),1)
$(error VENV must be one folder, without spaces in its name)
endif
# These variables would make Python import code from outside the environment.
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
.PHONY: help setup demo sandbox test test-lowest coverage generate check-generated spec-diff lint lint-specs lint-workflows \
        typecheck check format build check-dist sbom docs pictures bench faults fuzz load peers record interoperability lock clean \
        upgrade-generator

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A changed lock rebuilds its environment. A changed pyproject.toml only reinstalls the project.
$(VENV)/installed.txt: requirements/dev.txt
$(VENV)-demo/installed.txt: requirements/demo.txt
$(VENV)-lowest/installed.txt: requirements/lowest.txt
$(VENV)-workflows/installed.txt: requirements/workflows.txt
$(VENV)-lock/installed.txt: requirements/lock.txt
# The script decides whether to rebuild: from the lock, the folder and the Python version. Without
# PYTHON=, it keeps the environment's Python.
SET_UP := "$(PYTHON)" scripts/set_up.py
KEEP   := $(if $(filter file,$(origin PYTHON)),--any-python)
%/installed.txt: FORCE
	@$(SET_UP) create $(@D) $(filter %.txt,$^) $(KEEP) $(if $(PIP_WHEEL),--pip $(PIP_WHEEL))
FORCE:
%/.ready: %/installed.txt pyproject.toml
	@$(SET_UP) project $(@D)
	@touch $@
# The tests of the locks install them with an old and a new pip.
$(PIPS): $(VENV)/installed.txt requirements/pip-oldest.txt requirements/pip-newest.txt
	@$(SET_UP) download $(@D) $(filter requirements/%,$^)
	@touch $@

setup: $(READY) $(PIPS)  ## Set up .venv only

demo: $(READY_DEMO)  ## Run a tour of the platform on a local sandbox (ARGS=--json prints JSON)
	@$(DEMO) -m demo $(ARGS)

sandbox: $(READY_DEMO)  ## Run the local sandbox until it is interrupted (ARGS=--help)
	@$(DEMO) -m bitfount_api.sandbox $(ARGS)

test: $(READY) $(PIPS)  ## Run the tests (ARGS="-k name" selects by name, ARGS="-m 'not slow'" skips slow ones)
	$(RUN) -m pytest --numprocesses auto --dist worksteal $(ARGS)

test-lowest: $(READY_LOWEST)  ## Run the unit and network tests with the lowest allowed requirements
	$(LOWEST) -m pytest --numprocesses auto tests/unit tests/integration/test_network.py $(ARGS)

coverage: $(READY) $(PIPS)  ## Run all tests, and fail if code coverage is too low
	$(RUN) -m coverage erase
	$(RUN) -m coverage run -m pytest $(ARGS)
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report

generate: $(READY)  ## Generate the clients and types of the specs, the sync clients and the table of exports
	$(RUN) scripts/generate.py
	$(RUN) scripts/unasync.py
	$(RUN) scripts/exports.py

check-generated: $(READY)  ## Check that generated code is up to date
	$(RUN) scripts/generate.py --check
	$(RUN) scripts/unasync.py --check
	$(RUN) scripts/exports.py --check

upgrade-generator: $(READY) $(READY_LOCK)  ## Try VERSION=… of a generator or ruff (TOOL=ruff), without a change here
	@$(RUN) scripts/upgrade_generator.py $(VERSION) --tool $(TOOL) --uv $(UV) $(ARGS)

spec-diff: $(READY)  ## List the changes to openapi/ since BASE=<git rev>, breaking ones first
	@$(RUN) scripts/spec_diff.py $(BASE) $(ARGS)

lint: $(READY)  ## Check the code and its format with ruff
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

lint-specs: $(READY)  ## Check the specs with Spectral and Redocly, unless npm cannot install them
	@$(RUN) scripts/openapi_tools.py lint

lint-workflows: $(READY_WORKFLOWS)  ## Check the workflows in .github/ for errors and security problems
	$(WORKFLOWS)/jactionlint
	$(WORKFLOWS)/zizmor --offline --quiet .github

# --verifytypes ignores --pythonpath, and asks the first python in PATH where packages are.
VERIFY_TYPES := PATH="$$(cd $(BIN) && pwd):$$PATH" $(RUN) -m pyright --verifytypes

typecheck: $(READY)  ## Check the types with mypy --strict and pyright
	$(RUN) -m mypy -p bitfount_api -p demo
	$(RUN) -m mypy scripts tests
	$(RUN) -m pyright --project pyproject.toml --pythonpath $(RUN)
	@report=$$($(VERIFY_TYPES) bitfount_api --ignoreexternal) || { echo "$$report"; exit 1; }; \
	  echo "$$report" | grep score

check: lint lint-specs typecheck check-generated  ## Run all checks that do not execute the code

format: $(READY)  ## Format the code
	$(RUN) -m ruff check --fix-only --quiet
	$(RUN) -m ruff format

build: $(READY)  ## Build the wheel and the source distribution into dist/
	rm -rf dist
	$(RUN) -m build --no-isolation --outdir dist .

check-dist: $(READY)  ## Check that the wheel and the source distribution can be published
	$(RUN) scripts/check_dist.py

sbom: $(READY) build  ## Write the software bill of materials of the wheel to dist/sbom.cdx.json
	$(RUN) scripts/sbom.py

docs: $(READY)  ## Build the documentation into site/, and fail on broken links
	$(BIN)/zensical build --clean --strict

pictures: $(READY)  ## Regenerate the pictures and terminal recordings of the documentation
	$(RUN) -m docs.tools

bench: $(READY)  ## Run the benchmarks (ARGS=--quick)
	@$(RUN) -m benchmarks $(ARGS)

faults: $(READY)  ## Print the result of each operation under each fault
	@$(RUN) scripts/faults.py $(ARGS)

fuzz: $(READY)  ## Run the property tests with 10,000 random examples per operation
	HYPOTHESIS_PROFILE=fuzz $(RUN) -m pytest tests/property --timeout 1200 $(ARGS)

load: $(READY)  ## Run a load test: one minute with 200 threads and 2,000 tasks on one session
	@$(RUN) scripts/load.py $(ARGS)

peers: $(READY)  ## Test the specs with other OpenAPI tools: linters, generators, mock servers
	$(RUN) scripts/openapi_tools.py install
	REQUIRE_PEERS=1 $(RUN) -m pytest tests/peers $(ARGS)

interoperability: $(READY)  ## Compare with the official SDK, where it is installed (ARGS=--set-up installs it)
	$(RUN) scripts/compare_official.py $(ARGS)

record: $(READY)  ## Record the cassettes of all operations again, against the sandbox
	$(RUN) scripts/record.py $(ARGS)

COMPILE := $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --no-header \
           --generate-hashes --no-strip-extras --no-emit-index-url
RUNTIME := pyproject.toml --extra cli --extra sandbox

lock: $(READY_LOCK)  ## Update all locks in requirements/ to the newest versions
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

clean:  ## Remove build results, caches and environments
	for folder in $(VENV) $(VENV)-demo $(VENV)-lowest $(VENV)-workflows $(VENV)-lock; do \
	  if [ -f $$folder/pyvenv.cfg ]; then rm -rf $$folder; fi; done
	rm -rf dist build site tests/peers/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
