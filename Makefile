# Each target calls one command; what needs explaining stands there.
.PHONY: run test lint bench catalogues
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin

run: .venv/.run-ready
	@$(BIN)/banyan serve

test: .venv/.dev-ready
	@./.ci/browser
	$(BIN)/pytest $(if $(WORKERS),-n $(WORKERS),-n 2) $(ARGS)

lint: .venv/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev-ready
	$(BIN)/python -m tests.bench $(ARGS)

catalogues: .venv/.dev-ready
	@./.ci/catalogues $(PACKAGE)

# The stamps are older than these files only after an update; then pip looks again.
.venv/.run-ready: pyproject.toml constraints.txt .ci/venv
	@PYTHON="$(PYTHON)" ./.ci/venv embedded
	@touch $@

.venv/.dev-ready: pyproject.toml constraints.txt .ci/venv
	@PYTHON="$(PYTHON)" ./.ci/venv embedded,dev
	@touch $@ .venv/.run-ready
