# Each target sets up what it needs in .venv; see README.md. PYTHON=… names the interpreter to use.
SHELL = /bin/sh
PY = .venv/bin/python
PORT ?= 8000
DATA ?= .demo
export PYTHON

.PHONY: help install demo reset test lint instructions bench lock clean

help:
	@echo 'make install   .venv with everything below'
	@echo 'make demo      the demo brokerage on PORT ($(PORT)), its state in DATA ($(DATA))'
	@echo 'make reset     empty DATA'
	@echo 'make test      the whole test suite; with COVERAGE=1 also how much of the code it reaches'
	@echo 'make lint      style, types, floors, templates, migrations'
	@echo 'make instructions  what AuthShield adds to a request, against bench/gate.toml (needs valgrind)'
	@echo 'make bench     AuthShield beside its peers, into docs/benchmarks.md and bench.json'
	@echo 'make lock      resolve requirements/*.txt anew'
	@echo 'make clean     remove .venv and caches'

install:
	@requirements/install dev

demo:
	@requirements/install demo
	@PORT='$(PORT)' DATA='$(DATA)' exec $(PY) -m demo_site --follow-parent

reset:
	@if [ -e '$(DATA)' ]; then requirements/install demo && DATA='$(DATA)' $(PY) -m demo_site reset; fi

test: install
	$(PY) -m pytest -n auto $(if $(COVERAGE),--cov --cov-report=term --cov-fail-under=95)

lint: install
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m djlint --quiet --lint authshield demo_site
	$(PY) manage.py makemigrations --check --dry-run

instructions: install
	@$(PY) -m bench.instructions --gate

bench: install
	@$(PY) -m bench --doc docs/benchmarks.md --json bench.json

lock: install
	$(PY) -m uv pip compile $(LOCK) --extra postgres --extra simulate --group dev -o requirements/dev.txt pyproject.toml
	$(PY) -m uv pip compile $(LOCK) --extra demo --group build -c requirements/dev.txt -o requirements/demo.txt pyproject.toml

LOCK = --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--extra demo --no-config --custom-compile-command 'make lock'

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .nox build dist .coverage .coverage.*
	find authshield demo_site tests -name __pycache__ -prune -exec rm -rf {} +
