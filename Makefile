PYTHON := .venv/bin/python
PORT ?= 8501
EXAMPLES ?= 20000
KILLS ?= 300
TURNS ?= 12
POSTGRES ?= 15 18
# Tests of one file share a server, so they stay together; tests/conftest.py puts the longest first.
# One process more than cores: each waits for servers and pages at times.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
PARALLEL ?= -n $(shell echo $$(($(CORES) < 4 ? $(CORES) + 1 : 4))) --dist loadfile --no-loadscope-reorder
TYPES := $(PYTHON) -m mypy --strict --no-error-summary app.py pages lib tests
# Every worker, server and command would compile the project anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run check test test-all test-postgres torture style lint bench fuzz released-duckdb screenshots format clean
.DEFAULT_GOAL := help

help:
	@echo "make run      start Billing Tasks with its sample practice (PORT=8600 for another port)"
	@echo "              WATCH=folder PRACTICE=name also brings in every file that appears in a folder;"
	@echo "              ZONE=America/New_York says where a practice is that is new"
	@echo "              BACKUP=folder writes a backup there every day"
	@echo "make check    format, lint, types and the tests that need neither a browser nor long"
	@echo "make test     format, lint, types and every test, a browser's included, but for long cases"
	@echo "make test-all the same with every case: what CI runs, about half an hour on two cores"
	@echo "make test-postgres run the tests on PostgreSQL 15 and on 18 (POSTGRES=17 for another version)"
	@echo "make torture  kill, fill up and cut off both stores for a quarter of an hour (KILLS=300 TURNS=12 SEED=1)"
	@echo "make bench    measure the pages in a browser"
	@echo "make screenshots take the README's pictures again"
	@echo "make fuzz     damage and draw files at random for long (EXAMPLES=1000000 for longer)"
	@echo "make released-duckdb open a copy for analysts with DuckDB 1.x from PyPI"
	@echo "make format   put the code into its format"
	@echo "make clean    remove the environment and caches; data stays"

run:
	@sh scripts/environment.sh requirements.txt $(if $(BILLING_TASKS_DATABASE),requirements-postgres.txt) \
		$(if $(BILLING_TASKS_FILES),requirements-s3.txt)
	@$(if $(BILLING_TASKS_DATA),,$(PYTHON) -m lib sample)
	@exec $(PYTHON) -m lib serve --port $(PORT) $(if $(WATCH),--watch "$(WATCH)") \
		$(if $(PRACTICE),--practice "$(PRACTICE)") $(if $(ZONE),--time-zone "$(ZONE)") \
		$(if $(BACKUP),--backup "$(BACKUP)")

check: lint
	@echo "Types and tests …"
	@$(TYPES) & types=$$!; \
		$(PYTHON) -m pytest $(PARALLEL) --ignore tests/browser -m "not slow and not long"; tests=$$?; \
		wait $$types && exit $$tests

# $(1): which of the tests
tested = $(PYTHON) -m pytest $(PARALLEL) $(1) || { echo "What failed, once more and alone …"; \
	$(PYTHON) -m pytest $(1) --last-failed --last-failed-no-failures none; }

test test-all: style
	@$(PYTHON) -m tests.install_chromium
	@$(PYTHON) -m tests.install_openid_provider || echo "The tests with an OpenID provider are skipped."
	@$(PYTHON) -m tests.install_postgres || echo "The tests on PostgreSQL are skipped."
	@$(PYTHON) -m tests.install_seaweedfs || echo "The tests with a bucket are skipped."
	@echo "Tests …"
	@$(call tested,$(if $(filter test,$@),-m "not long"))

test-postgres: style
	@$(PYTHON) -m tests.install_chromium
	@set -e; for version in $(POSTGRES); do \
		$(PYTHON) -m tests.install_postgres $$version; \
		echo "Tests on PostgreSQL $$version …"; \
		export BILLING_TASKS_TEST_STORE=postgres BILLING_TASKS_TEST_POSTGRES=$$version; \
		$(call tested,-m "not duckdb"); \
	done

torture:
	@sh scripts/environment.sh requirements.txt requirements-dev.txt requirements-postgres.txt
	@$(PYTHON) -m tests.install_postgres || echo "Only DuckDB's file is tortured."
	@$(PYTHON) -m tests.torture --kills $(KILLS) --turns $(TURNS) $(if $(SEED),--seed $(SEED))

style: lint
	@echo "Types …"
	@$(TYPES)

lint:
	@sh scripts/environment.sh requirements.txt requirements-dev.txt requirements-postgres.txt requirements-s3.txt
	@echo "Format and lint …"
	@$(PYTHON) -m ruff format --check --quiet . || { echo "Run: make format" >&2; exit 1; }
	@$(PYTHON) -m ruff check --quiet .

bench:
	@sh scripts/environment.sh requirements.txt requirements-dev.txt
	@$(PYTHON) -m tests.install_chromium
	@$(PYTHON) -m tests.benchmarks.run

screenshots:
	@sh scripts/environment.sh requirements.txt requirements-dev.txt
	@$(PYTHON) -m tests.install_chromium
	@$(PYTHON) -m scripts.screenshots

fuzz:
	@sh scripts/environment.sh requirements.txt requirements-dev.txt
	@echo "$(EXAMPLES) examples for each random test; the first that fails ends it, and so does Ctrl-C."
	@BILLING_TASKS_FUZZ=$(EXAMPLES) $(PYTHON) -m pytest -x -v -m hypothesis --durations=0

released-duckdb:
	@sh scripts/environment.sh requirements.txt
	@$(PYTHON) -m scripts.released_duckdb

format:
	@sh scripts/environment.sh requirements.txt requirements-dev.txt
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
