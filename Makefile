# Every target installs what it needs into .venv by itself; `make help` lists them.

PYTHON_FILES := addon scripts tests
BIN := .venv/bin

# make run: where to listen, where to store, and which other ways in to open
PORT ?= 8080
LISTEN ?= 127.0.0.1
DB ?= llmobserve.duckdb
# PRICING=my-prices.yaml: providers and prices of your own, laid over pricing.yaml
PRICING ?=
# POLICY=policy.yaml: budgets, limits, fallbacks, a cache and whatever else may change what passes
POLICY ?=
# REVERSE="https://api.openai.com@8081 https://api.anthropic.com@8082": plain HTTP listeners for clients without proxy support
REVERSE ?=
# UPSTREAM=http://proxy.example.com:3128: the company's own proxy
UPSTREAM ?=
# MODE=local or MODE=local:curl,node: capture programs of this machine without settings in them (needs root)
MODE ?=
# CONFDIR=folder: where the CA lies, ~/.mitmproxy by itself. A new one can sign for providers only; CA=classic: for anybody
CONFDIR ?=
CA ?= constrained
# WORKERS=4: so many processes behind the one port, on Linux
WORKERS ?= 1
ARGS ?=

main_mode = $(if $(UPSTREAM),upstream:$(UPSTREAM),regular)@$(PORT)
modes = $(addprefix --mode ,$(main_mode) $(addprefix reverse:,$(REVERSE)) $(MODE))
portless = $(firstword $(foreach way,$(REVERSE),$(if $(findstring @,$(way)),,$(way))))
ifneq ($(portless),)
$(error REVERSE: $(portless) names no port to listen on; write for example $(portless)@8081)
endif
# quiet from the first line on: mitmproxy's log prints URLs, and those of some providers hold the key
files = $(if $(PRICING),--set 'llmobserve_pricing=$(PRICING)') $(if $(POLICY),--set 'llmobserve_policy=$(POLICY)') \
	$(if $(CONFDIR),--set 'confdir=$(CONFDIR)')
settings = --set termlog_verbosity=warn --set flow_detail=0 --set 'llmobserve_db=$(DB)' $(files)
program = $(if $(filter 1,$(WORKERS)),mitmdump,python scripts/workers.py --workers '$(WORKERS)' --)
authority = '$(or $(CONFDIR),$(HOME)/.mitmproxy)'
make_authority = $(BIN)/python scripts/ca.py --confdir $(authority) $(if $(PRICING),--pricing '$(PRICING)')

.DEFAULT_GOAL := help
.PHONY: help install run ca test check fix fuzz bench docs report top demo prices lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1	\2/p' Makefile | awk -F '\t' '{ printf "make %-8s %s\n", $$1, $$2 }'

install: .venv/.dev ## install everything into .venv, for running and for developing
	@:

run: .venv/.run ## start the proxy; PORT=8080 DB=file PRICING=file POLICY=file REVERSE=https://host@port UPSTREAM=http://proxy MODE=local WORKERS=4
	@test '$(CA)' = classic || test -e $(authority)/mitmproxy-ca.pem || $(make_authority)
	@exec $(BIN)/$(program) -s addon/llmobserve.py --listen-host $(LISTEN) $(modes) $(settings) $(ARGS)

ca: .venv/.run ## make a CA that can sign for the providers' hosts only; ARGS="--force" replaces one; PRICING=file CONFDIR=folder
	@$(make_authority) $(ARGS)

test: .venv/.dev ## run all tests; ARGS="tests/wire -k sse"
	@$(BIN)/python -m pytest $(ARGS)

check: .venv/.dev ## everything that CI checks: format, lint, types, layers, docs, prices, tests with full coverage
	@$(BIN)/ruff format --check $(PYTHON_FILES)
	@$(BIN)/ruff check $(PYTHON_FILES)
	@$(BIN)/mypy
	@PYTHONPATH=addon $(BIN)/lint-imports
	@$(BIN)/python scripts/docs.py --check
	@$(BIN)/python scripts/check_prices.py
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term $(ARGS)

fix: .venv/.dev ## format the code and repair what can be repaired
	@$(BIN)/ruff check --fix $(PYTHON_FILES)
	@$(BIN)/ruff format $(PYTHON_FILES)

fuzz: .venv/.dev ## look for bytes that break a decoder, a minute for each; ARGS="sse 600"
	@PYTHONPATH=addon $(BIN)/python -m tests.fuzz.run $(ARGS)

bench: .venv/.dev ## measure the proxy with and without the addon, some minutes
	@$(BIN)/python scripts/bench.py $(ARGS)

docs: .venv/.dev ## write the tables of the README from the code
	@$(BIN)/python scripts/docs.py $(ARGS)

report: .venv/.run ## print what was spent; DB=file ARGS="--by customer --since 7d"
	@$(BIN)/python scripts/report.py --db '$(DB)' $(ARGS)

top: .venv/.run ## watch what runs, as it happens; DB=file ARGS="--by customer --policy policy.yaml"
	@$(BIN)/python scripts/top.py --db '$(DB)' $(ARGS)

demo: .venv/.dev ## show it at work: real SDKs against a local server, no keys, no network
	@$(BIN)/python scripts/demo.py $(ARGS)

prices: .venv/.dev ## refresh pricing.yaml from public price data and print what changed
	@$(BIN)/python scripts/refresh_prices.py $(ARGS)

compile = $(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate

lock: .venv/.dev ## resolve the newest allowed packages anew and write requirements/*.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(compile) --upgrade pyproject.toml --group dev -o requirements/dev.txt
	@$(compile) --upgrade pyproject.toml --constraints requirements/dev.txt -o requirements/run.txt
	@echo uv | $(compile) --upgrade - -o requirements/uv.txt

clean: ## remove .venv and everything that tools left behind; databases stay
	@rm -rf .venv .uv .coverage .fuzz .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	@find $(PYTHON_FILES) -type d -name __pycache__ -exec rm -rf {} +

# A virtual environment knows its own path: where the folder was moved, or its Python removed, it is made anew.
ifneq ($(shell test -x .venv/bin/python && cat .venv/.run 2>/dev/null),$(CURDIR))
.PHONY: .venv/.run .venv/.dev
endif

.venv/.run: requirements/run.txt scripts/setup.sh
	@scripts/setup.sh run

.venv/.dev: requirements/dev.txt requirements/run.txt scripts/setup.sh
	@scripts/setup.sh dev
