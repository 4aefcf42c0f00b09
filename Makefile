# Guichet: each target does its own set-up. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
PACKAGE := pyproject.toml setup.py guichet/__init__.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint bench screenshots installer install lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.run-ready ## build the demonstration town and open the desktop (headless into demo-output/ with no display)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		$(BIN)/guichet demo; \
	else \
		echo "Pas d’écran (ni DISPLAY ni WAYLAND_DISPLAY) : la journée se déroule sans fenêtre, ses résultats vont dans demo-output/."; \
		$(BIN)/guichet demo --headless; \
	fi

test: $(VENV)/.dev-ready ## run the whole test suite, on SQLite and on a real PostgreSQL
	@tools/system-packages postgresql || echo "The tests that need PostgreSQL will be skipped, aloud."
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

lint: $(VENV)/.dev-ready ## ruff, mypy --strict and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict guichet
	$(BIN)/lint-imports

bench: $(VENV)/.dev-ready ## time what the program exists for, on stated data
	@$(BIN)/python -m bench

screenshots: $(VENV)/.run-ready ## take the pictures of docs/images anew, each page in light and dark, at 100 % and 150 %
	@$(BIN)/python tools/screenshots

installer: $(VENV)/.installer-ready ## package the program into dist/guichet/, then have the package prove itself
	@echo "Packaging (a minute or two)…"
	@$(BIN)/python -m PyInstaller --noconfirm --log-level ERROR build_installer.spec
	@dist/guichet/guichet-cli selftest

install: $(VENV)/.run-ready ## install the program in .venv (then .venv/bin/guichet)
	@echo "Guichet is installed: $(BIN)/guichet"

lock: ## write the exact versions anew (needs uv; `make lock UPGRADE=--upgrade` takes newer ones)
	tools/lock $(UPGRADE)

clean: ## remove what the targets made, except the databases
	rm -rf $(VENV) build dist demo-output .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@tools/system-packages python "$(PYTHON)"
	@$(PYTHON) -m venv --clear $(VENV)

# The marks say which lock file the environment holds; a changed lock or package description installs again.
$(VENV)/.run-ready: requirements.lock $(PACKAGE) | $(VENV)/bin/python
	@tools/system-packages qt
	@echo "Installing the pinned dependencies (some 250 MB the first time)…"
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev-ready: requirements-dev.lock $(VENV)/.run-ready
	@echo "Installing the pinned tools of development…"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installer-ready: requirements-installer.lock $(VENV)/.run-ready
	@tools/system-packages packaging "$(BIN)/python"
	@echo "Installing the pinned packager…"
	@$(PIP_INSTALL) --require-hashes -r requirements-installer.lock
	@touch $@
