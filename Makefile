.DEFAULT_GOAL := help
PYTHON ?= python3
WORKERS ?= 3
BIN := .venv/bin

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: .venv/installed ## Install, train on the bundled digits, evaluate, predict and plot (into demo/)
	rm -rf demo
	$(BIN)/mnistcli train --dataset digits --batch-size 32 --epochs 20 --run-dir demo/run
	$(BIN)/mnistcli evaluate demo/run --report
	$(BIN)/python -m tests.support.digit_images demo/images
	$(BIN)/mnistcli predict demo/images --model demo/run --save demo/predictions.png
	$(BIN)/mnistcli plot demo/run
	@echo
	@echo "The command is $(BIN)/mnistcli. To use it by its name: source $(BIN)/activate"
	@echo "The packaged model reads photos, scans and drawings: mnistcli predict IMAGE"

.PHONY: test
# The programs that the tests start load compiled modules. A third worker uses the two processors while
# the others wait for such programs.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/installed-dev ## Install and run the tests (T=tests/test_config.py for one file, COV=--cov, WORKERS=8)
	$(BIN)/pytest $(COV) $(if $(T),$(T),--numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder)

.PHONY: lint
lint: .venv/installed-dev ## Check style, types, layers and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

.PHONY: check
check: lint test ## Run the linters and the tests

.PHONY: format
format: .venv/installed-dev ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: docs
docs: .venv/installed-dev ## Regenerate .github/COMMANDS.md
	$(BIN)/typer --app app mnistcli.cli utils docs --name mnistcli --output .github/COMMANDS.md

FIGURES := build/figures
.PHONY: figures
figures: .venv/installed-dev ## Redraw the figures of the README (MNISTCLI_DATA_DIR=DIR)
	$(BIN)/python -m tests.tools.readme_images .github
	$(BIN)/mnistcli predict .github/note.jpg --model pretrained --save .github/prediction.png --explain .github/explanation.png
	$(BIN)/mnistcli plot pretrained --kind confusion --output-dir $(FIGURES)
	cp $(FIGURES)/confusion.png .github

.PHONY: bench
bench: .venv/installed-dev ## Compare speeds, side by side in one run (BENCH=--quick)
	$(BIN)/python -m tests.tools.bench $(BENCH)

.PHONY: fuzz
fuzz: .venv/installed-dev ## Read mutated images, models, data and runs (FUZZ='--count 100000')
	$(BIN)/python -m tests.tools.fuzz $(FUZZ)

.PHONY: kills
kills: .venv/installed-dev ## Kill training runs and fail writes at every point, and resume (an hour)
	$(BIN)/python -m tests.tools.kills
	$(BIN)/python -m tests.tools.resume
	$(BIN)/python -m tests.tools.write_failures

.PHONY: pretrained
pretrained: .venv/installed ## Retrain and replace the packaged models, on a GPU (MNISTCLI_DATA_DIR=DIR)
	$(BIN)/python -m pip install --quiet 'jax[cuda13]>=0.10,<0.11'
	KERAS_BACKEND=jax $(BIN)/python -m tests.tools.distill build/pretrained
	$(BIN)/python -m tests.tools.package_model build/pretrained/student.keras
	$(BIN)/python -m tests.tools.train_line_recognizer build/lines

.PHONY: build
build: .venv/installed-dev ## Build the wheel and the source distribution into dist/
	$(BIN)/python -m build --outdir dist .

.PHONY: clean
clean: ## Remove the environment, builds, caches and the demo
	rm -rf .venv build dist demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ .venv/installed
