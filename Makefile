# One line of real work per target. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := plugins
# Meant for another Python, they keep this one from starting, or from finding the modules of this folder.
unexport PYTHONHOME PYTHONSAFEPATH

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench schema docs lock reset clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp ## run everything on this machine; ONCE=1 leaves after the report, SCALE=n sizes the data
	@exec $(BIN)/python -m demo

test: $(VENV)/dev.stamp ## run the tests (PYTEST_ARGS adds arguments)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/dev.stamp ## ruff, mypy, the SQL linter, and checks of generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.sql_lint
	$(BIN)/python -m pgpipelines.configuration --check
	$(BIN)/python docs/write_dags_page.py --check
	$(BIN)/python docs/write_schema_changes_page.py --check

format: $(VENV)/dev.stamp ## format Python
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.stamp ## copies side by side with the peers, as ratios
	$(BIN)/python -m benchmarks

schema: $(VENV)/dev.stamp ## write include/pipelines.schema.json from the typed models
	$(BIN)/python -m pgpipelines.configuration --write

docs: $(VENV)/dev.stamp ## write docs/dags.md from the DAGs, docs/schema-changes.md from the tested cases
	$(BIN)/python docs/write_dags_page.py
	$(BIN)/python docs/write_schema_changes_page.py

lock: $(VENV)/dev.stamp ## compile requirements*.in into requirements*.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --custom-compile-command 'make lock' requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --custom-compile-command 'make lock' requirements-demo.in -o requirements-demo.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --custom-compile-command 'make lock' requirements-image.in -o requirements-image.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --custom-compile-command 'make lock' requirements-dev.in -o requirements-dev.txt

reset: ## remove the demo's data, keep the virtual environment
	@$(PYTHON) -m demo.clean data

clean: ## remove the demo's data, the virtual environment and every cache
	@$(PYTHON) -m demo.clean all

$(VENV)/demo.stamp: requirements.txt requirements-demo.txt demo/venv.py
	@$(PYTHON) -m demo.venv demo
$(VENV)/dev.stamp: requirements.txt requirements-dev.txt demo/venv.py
	@$(PYTHON) -m demo.venv dev
