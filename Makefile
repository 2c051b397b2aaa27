# The only door, for people and for CI. `make help` lists what it opens.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .state/venv/bin
PYTHON := $(BIN)/python
STACK := $(PYTHON) -m infra.stack
PYTEST := $(PYTHON) -m pytest
CODE := $(wildcard kernel services infra photo tests tools)
# Arguments for pytest, e.g. `make integration PYTEST_ARGS='-k broker -x'`.
PYTEST_ARGS ?=
# Arguments for the benchmarks, e.g. `make bench BENCH_ARGS="relay --rounds 9"`.
BENCH_ARGS ?=
# Arguments for the generated requests, e.g. `make fuzz FUZZ_ARGS='--calls 2000'`.
FUZZ_ARGS ?=
# Arguments for the signatures, e.g. `make eds EDS_ARGS='--minutes 1'`.
EDS_ARGS ?=
# Arguments for the campaign, e.g. `make faults n=loans-broker FAULTS_ARGS='--seed 1'`,
# or `FAULTS_ARGS='--ground payers'` for the cases of one load.
FAULTS_ARGS ?=

# Arguments for the simulated loans, e.g. `make holds HOLDS_ARGS='--loan 1f2e3d4c-7'`.
HOLDS_ARGS ?=

# Says plainly that something is not there, instead of passing on nothing.
need = @test -e $(1) || { echo 'make $@: $(1) does not exist, so there is nothing to run' >&2; exit 2; }

.PHONY: help demo person up down staff status url logs env \
        fmt lint types imports check unit integration e2e security rolling test containers \
        seeded trace matrix bench photo-eval fuzz eds eds-files faults holds test-deep events openapi commands pages pages-check migration clean venv servers tools browser

help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  \033[1mmake %-12s\033[0m %s\n", $$1, $$2}' \
	  $(firstword $(MAKEFILE_LIST)) | { [ -t 1 ] && cat || sed 's/\x1b\[[0-9]*m//g'; }

##@ Run it (no Docker, no root, nothing beside .state)

up: venv servers ## start everything; again: only what changed
	@$(STACK) up

demo: venv servers ## one loan from registration to payout, end to end
	$(call need,$(firstword $(wildcard infra/demo infra/demo.py) infra/demo))
	@$(PYTHON) -m infra.demo

person: venv ## be a client at the cabinet: what to type, SMS as they come, NCALayer (seed=…)
	@$(PYTHON) -m infra.demo.person $(if $(seed),--seed $(seed))

staff: venv ## invite the first two administrators (who="anna boris"), once
	@$(STACK) staff $(who)

status: venv ## what runs: pid, uptime, memory, port
	@$(STACK) status || [ $$? = 3 ]

url: venv ## where the web tier listens
	@$(STACK) url

logs: venv ## ends of the logs (p=contracts for one)
	@$(STACK) logs $(p)

env: venv ## environment of one process (p=contracts): paths, no secrets
	@$(STACK) env $(p)

down: venv ## stop everything, keep the data
	@$(STACK) down

##@ Change it

fmt: venv ## format the code
	@$(BIN)/ruff check --fix --quiet $(CODE) || true
	@$(BIN)/ruff format $(CODE)

events: venv ## write docs/events.md and the index of goldens anew
	$(call need,kernel/events/__main__.py)
	@$(PYTHON) -m tests.golden
	@$(PYTHON) -m kernel.events

pages: venv tools ## make the cabinet's pages (infra/web/static) anew from their sources
	@$(PYTHON) -m infra.web.pages

openapi: venv ## write docs/openapi.json, and the cabinet's types of it, anew
	@$(PYTHON) -m tests.openapi

commands: venv ## write tests/golden/help anew: every --help of the command line
	@$(PYTHON) -m tests.help

migration: venv ## a new migration (s=auth m="add login reason", p=post for after)
	$(call need,kernel/migrations/__main__.py)
	@$(PYTHON) -m kernel.migrations "$(s)" "$(m)" $(p)

##@ Check it (CI is `check` and `test`)

check: venv lint types pages-check imports ## everything that needs no server: lint, types, import rules, house style
	$(call need,tests/style)
	@$(PYTEST) -q tests/style $(PYTEST_ARGS)

lint: venv ## ruff: rules and format
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

types: venv ## mypy --strict
	@$(BIN)/mypy $(CODE)

pages-check: venv tools ## tsc --strict, and whether the pages are what their sources give
	@$(PYTHON) -m infra.web.pages --check

imports: venv ## import rules: who may know whom
	@PYTHONPATH=. $(BIN)/lint-imports

##@ Test it

unit: venv ## domain, handlers, house style; no server
	@$(PYTEST) $(wildcard tests/unit tests/style) $(PYTEST_ARGS)

integration: venv servers ## against real PostgreSQL and RabbitMQ of their own
	$(call need,tests/integration)
	@$(PYTEST) tests/integration $(PYTEST_ARGS)

e2e: venv servers browser ## journeys through the gateway
	$(call need,tests/e2e)
	@$(PYTEST) tests/e2e $(PYTEST_ARGS)

security: venv servers ## attacks, one file per row of the threat model
	$(call need,tests/security)
	@$(PYTEST) tests/security $(PYTEST_ARGS)

rolling: venv servers ## a release under load: two versions side by side
	$(call need,tests/rolling)
	@$(PYTEST) tests/rolling $(PYTEST_ARGS)

test: venv servers browser ## all of the above in one run, two workers side by side
	@$(PYTEST) -n 2 --no-loadscope-reorder $(wildcard tests/unit tests/style tests/integration tests/e2e tests/security tests/rolling tests/faults) $(PYTEST_ARGS)

test-deep: venv servers browser ## what takes its time: a cluster, long outages, every order of start and stop
	@$(PYTEST) tests/deep $(PYTEST_ARGS)

containers: venv ## the same in containers (an engine, or root on Debian; else SKIPPED)
	@$(PYTHON) -m tests.containers $(PYTEST_ARGS)

##@ Doubt it

seeded: venv servers ## break the product on purpose and demand red tests (n=name for one; n=--resume)
	$(call need,$(firstword $(wildcard tests/seeded tests/seeded.py) tests/seeded))
	@$(PYTHON) -m tests.seeded $(n)

trace: venv ## which test proves which clause of the Procedure
	$(call need,$(firstword $(wildcard tests/trace tests/trace.py) tests/trace))
	@$(PYTHON) -m tests.trace

matrix: venv ## write what the release tells of its tests, after `make test`: kredit audit matrix
	@$(PYTHON) -m tests.trace --release

bench: venv servers ## speeds as ratios against peers (BENCH_ARGS='relay --rounds 9')
	@$(PYTHON) -m tests.benchmarks $(BENCH_ARGS)

photo-eval: venv ## what the photo judge says of the labelled set (PHOTO=folder for another set)
	@$(PYTHON) -m tests.portraits.evaluation $(PHOTO)

faults: venv servers ## the fault campaign, resumed until its totals are reached (n=case for one)
	@$(if $(filter tamper,$(n)),,$(PYTHON) -m tests.faults $(if $(n),$(n),--resume) $(FAULTS_ARGS))
	@$(if $(filter-out tamper,$(n)),,$(PYTHON) -m tests.tampering --resume $(FAULTS_ARGS))

holds: venv ## a million simulated loans on clocks that jump, resumed until all are counted (HOLDS_ARGS='--minutes 5')
	@$(PYTHON) -m tests.holds $(HOLDS_ARGS)

fuzz: venv servers ## generated requests against the whole API, resumed until 50 000 (FUZZ_ARGS='--calls 2000')
	@$(PYTHON) -m tests.fuzz $(FUZZ_ARGS)

eds: venv ## signatures judged beside OpenSSL and gost-engine, then mutated (EDS_ARGS='--minutes 1')
	@$(PYTHON) -m tests.eds crosscheck $(EDS_ARGS)

eds-files: venv ## write tests/eds/files anew: a GOST hierarchy, one file per way of being wrong
	@$(PYTHON) -m tests.eds files

##@ Tools

venv: ## Python and its packages, ours and the photo judge's, exactly as uv.lock says
	@infra/bootstrap/venv.sh

servers: ## PostgreSQL 15, RabbitMQ 3.10 and nginx, installed or unpacked
	@infra/bootstrap/servers.sh

tools: venv ## what makes the cabinet's pages: Node, TypeScript, esbuild
	@infra/bootstrap/pages.sh

browser: ## Chromium, for the tests that walk through the cabinet
	@infra/bootstrap/browser.sh

clean: ## stop, then forget everything that was made, tools too
	@if [ -x $(PYTHON) ]; then $(STACK) down --wipe; fi
	@rm -rf .state .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(CODE) -name __pycache__ -prune -exec rm -rf {} +
