# One-word tasks. `make run` and `make test` install what they need by themselves, on a machine with git, make and Python 3.11.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
ONCE ?=
# Tests mostly wait for phones to ring, so more of them at a time than there are cores. Those of one file stay together, as
# they share an exchange; the files go as they come, the long ones first and the quick ones last.
WORKERS ?= 3

.PHONY: setup run test check bench faults fuzz hour malformed many sim theory lock clean peers

setup: $(STAMP) peers

run: setup
	$(BIN)/python -m tests.lab.sample $(if $(filter 1,$(ONCE)),--once)

test: check
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# What needs no peers: format, lint, types and the walls between the rooms.
check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m tests.benchmarks.calls
	$(BIN)/python -m tests.benchmarks.load
	$(BIN)/python -m tests.benchmarks.engine
	$(BIN)/python -m tests.benchmarks.journal
	$(BIN)/python -m tests.benchmarks.mqtt
	$(BIN)/python -m tests.benchmarks.customers
	$(BIN)/python -m tests.benchmarks.floods

# Ten thousand messages that nobody can understand, from a seed that anybody can repeat.
malformed: setup
	HUNTGROUP_MALFORMED=$(or $(COUNT),10000) HUNTGROUP_SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest -s tests/live/test_malformed.py

# A million inputs for each fuzz target, or for one (ONLY=ami), from a repeatable seed. NUMBER runs a single input, from a report.
fuzz: setup
	$(BIN)/python -m tests.fuzz $(if $(ONLY),--only $(ONLY)) $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) \
		$(if $(NUMBER),--number $(NUMBER))

# A hundred thousand inquiries from twenty publishers, while the daemon is killed and the broker restarted under them.
many: setup
	HUNTGROUP_INQUIRIES=$(or $(INQUIRIES),100000) HUNTGROUP_KILLS=$(or $(KILLS),20) HUNTGROUP_BROKER_RESTARTS=5 \
		HUNTGROUP_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -s tests/live/test_many_inquiries.py

# A million inquiries with faults, from seeds that anybody can repeat.
sim: setup
	$(BIN)/python -m tests.simulation $(if $(INQUIRIES),--inquiries $(INQUIRIES)) $(if $(SEED),--seed $(SEED))

# Real processes under a load of real calls, killed, cut off and starved again and again; about an hour.
faults: setup
	$(BIN)/python -m tests.endurance $(if $(ONLY),--only $(ONLY)) $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED))

# An hour of everything that people do with telephones, while daemon and PBX die; afterwards nothing may be left.
hour: setup
	$(BIN)/python -m tests.endurance.hour $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

# A broker and two versions of Asterisk, outside the checkout.
peers:
	tests/lab/provision.sh
	tests/lab/provision.sh asterisk16

$(STAMP): pyproject.toml constraints.txt
	PYTHON=$(PYTHON) tests/lab/provision.sh venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

# The simulation against Erlang C and Erlang A, about 6 minutes.
theory: setup
	$(BIN)/python -m tests.simulation.theory

# Write constraints.txt anew, from what pyproject.toml allows.
lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --extra dev --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
		--python-version 3.11 --upgrade --output-file constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
