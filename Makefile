# Everything lands in .venv (Python), .tools (other programs) and dist (charts).
PYTHON ?= python3
APP ?= vllmgemma426ba4bvisionone
LOCK_FLAGS ?=

BIN := .venv/bin
STAMPS := .venv/.stamps
HELM := .tools/bin/helm
FIT_PARAMS := .tools/bin/llama-fit-params
LOCKER := .tools/lock-venv
PIP := -m pip --quiet --disable-pip-version-check --no-input
# Wheels only: a source archive would fetch its own build tools past the hashes.
INSTALL := $(PIP) install --require-hashes --only-binary :all:
# Where the helm extra has no wheel, a build checks with the program.
BUILD_HELM := $(if $(filter Linux-x86_64 Linux-aarch64 Darwin-arm64,$(shell uname -s)-$(shell uname -m)),,$(HELM))
COMPILE := $(LOCKER)/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' $(LOCK_FLAGS)

# Names the program built here, before any on PATH.
export CHARTGEN_HELM := $(CURDIR)/$(HELM)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help build test tools fit-params bench update-golden lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

build: $(STAMPS)/chartgen $(BUILD_HELM) ## set up .venv and build one chart (APP=... names another)
	$(BIN)/chartgen build $(APP)

test: $(STAMPS)/test $(HELM) ## run every check: ruff, mypy and all tests
	@tools/system.sh
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n auto

update-golden: $(STAMPS)/test $(HELM) ## rewrite the tests' golden files
	$(BIN)/pytest --update-golden

tools: $(HELM) ## build the pinned helm program into .tools/bin

fit-params: $(FIT_PARAMS) ## build llama.cpp's own sizing program into .tools/bin, for fit --exact

bench: $(STAMPS)/test ## measure the compiler's speed
	$(BIN)/python -m benchmarks

lock: $(LOCKER)/.stamp ## refresh requirements/*.txt (LOCK_FLAGS=--upgrade for newer releases)
	@echo "locking requirements/build.txt, test.txt, tools.txt, fit-params.txt and lock.txt"
	@$(COMPILE) pyproject.toml --extra helm --extra serve --group build -o requirements/build.txt
	@$(COMPILE) pyproject.toml --extra helm --extra serve --group build --group test -c requirements/build.txt -o requirements/test.txt
	@$(COMPILE) --group go -o requirements/tools.txt
	@$(COMPILE) --group fit-params -o requirements/fit-params.txt
	@$(COMPILE) --group lock -o requirements/lock.txt

clean: ## remove all that make made here
	rm -rf .venv .tools dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# One stamp a step: an unchanged second run calls neither pip nor go.
$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "chartgen needs Python 3.11 or newer, and '$(PYTHON)' is not: name one, as in: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || \
		{ echo "'$(PYTHON)' lacks its venv module: install it (Debian, Ubuntu: the python3-venv package)" >&2; exit 1; }
	@echo "creating .venv"
	@$(PYTHON) -m venv --clear .venv
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/build: $(STAMPS)/venv requirements/build.txt
	@echo "installing requirements/build.txt"
	@$(BIN)/python $(INSTALL) -r requirements/build.txt
	@touch $@

$(STAMPS)/chartgen: $(STAMPS)/build pyproject.toml
	@echo "installing chartgen, editable"
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/test: $(STAMPS)/chartgen requirements/test.txt
	@echo "installing requirements/test.txt"
	@$(BIN)/python $(INSTALL) -r requirements/test.txt
	@touch $@

$(HELM): tools/go.mod tools/go.sum tools/build_helm.sh requirements/tools.txt | $(STAMPS)/venv
	@sh tools/build_helm.sh $(BIN)/python $@

$(FIT_PARAMS): tools/build_fit_params.sh requirements/fit-params.txt | $(STAMPS)/venv
	@sh tools/build_fit_params.sh $(BIN)/python $@

$(LOCKER)/.stamp: requirements/lock.txt | $(STAMPS)/venv
	@echo "installing requirements/lock.txt"
	@$(BIN)/python -m venv --clear $(LOCKER)
	@$(LOCKER)/bin/python $(INSTALL) -r requirements/lock.txt
	@touch $@
