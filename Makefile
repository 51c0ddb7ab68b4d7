.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help
help: ## Show what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: .venv/installed ## Install, train on the embedded digits, evaluate, predict, draw
	$(BIN)/mnistcli train --dataset digits --batch-size 32 --epochs 20
	$(BIN)/mnistcli evaluate --report
	@echo "Ten held-out digits as picture files, to be read:"
	@$(BIN)/python -m tests.support.digit_images runs/pictures
	$(BIN)/mnistcli predict runs/pictures --save runs/predictions.png
	$(BIN)/mnistcli plot

.PHONY: test
test: .venv/installed-dev ## Install and run the tests (T=tests/test_config.py for one file)
	$(BIN)/pytest $(if $(T),$(T),--cov --numprocesses 2 --dist loadfile)

.PHONY: lint
lint: .venv/installed-dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: .venv/installed-dev ## Bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: .venv/installed-dev ## Compare speeds, side by side in one run (BENCH=--quick)
	$(BIN)/python -m tests.tools.bench $(BENCH)

.PHONY: pretrained
pretrained: .venv/installed ## Train the model in the package anew (MNISTCLI_DATA_DIR=DIR)
	$(BIN)/mnistcli train --recipe robust --run-dir runs/pretrained
	cd runs/pretrained && cp config.json history.csv metrics.json model.keras model.tflite \
	  $(CURDIR)/mnistcli/pretrained/

.PHONY: clean
clean: ## Remove what was installed and built
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .coverage*

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ .venv/installed
