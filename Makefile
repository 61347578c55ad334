# `make help` lists what there is. Everything runs in .venv, which the first target makes.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:

python := .venv/bin/python
# The product as users of bundles and certificates need it; and with all its extras and everything that checks it.
product := .venv/.product
development := .venv/.development

TESTS ?= tests
# Arguments for pytest, as in: make test TESTS=tests/test_rooms.py ARGS='-k requests'
ARGS ?=

.PHONY: run
run: $(product) ## see the product do its job on packages that nobody here made
	@$(python) tools/demo.py

# In CI the real programs are part of the tests, so they are built first.
.PHONY: test
test: $(development) $(if $(filter true,$(CI)),peers) ## run the tests (with CI=true all of them, else without the slow ones)
	$(python) -m pytest -n auto $(ARGS) $(TESTS)

.PHONY: test-all
test-all: $(development) peers ## run the tests, the slow ones too, against the real programs
	$(python) -m pytest -n auto --slow $(ARGS) $(TESTS)

.PHONY: check
check: $(development) ## formatting, lint, types, rooms, and whether the documents tell the truth
	$(python) -m ruff format --check
	$(python) -m ruff check --no-cache
	$(python) -m mypy
	.venv/bin/lint-imports
	$(python) -m pytest tests/test_rooms.py tests/test_readme.py

.PHONY: format
format: $(development) ## format the code and mend what lint can mend
	$(python) -m ruff format
	$(python) -m ruff check --fix

.PHONY: peers
peers: $(product) ## build the real programs that the tests run against (needs Go; minutes, once)
	@$(python) tools/peers.py

.PHONY: bench
bench: $(development) ## measure, and hold against the targets
	@$(python) -m bench $(ARGS)

# SECONDS bounds the run, SEED repeats one.
.PHONY: fuzz
fuzz: $(development) ## change bundles at random: attest and sigstore agree, or a written reason says why not
	@$(python) tools/fuzz.py

# An hour, then minutes: what was found out is kept in .mutants.json. ARGS is for a part, for a sample, and for more at a time:
# make mutate ARGS='-j 2 attest/policy/rules'
.PHONY: mutate
mutate: $(development) ## change the code in thousands of places: each change is noticed, or tests/mutants/ says why not
	@$(python) -m tools.mutate $(ARGS)

.PHONY: clean
clean: ## remove the environment and everything made
	rm -rf .venv .demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .mutants.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## show this
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {sub(/:.*/, "", $$1); printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(product): pyproject.toml tools/environment
	tools/environment --editable '.[sigstore,notation]'
	@touch $@

$(development): pyproject.toml tools/environment
	tools/environment --editable '.[sigstore,sbom,cel,awskms,azurekms,gcpkms,hashivault,pkcs11,notation]' --group dev
	@touch $@ $(product)
