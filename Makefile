# The two commands of a newcomer: make demo, make test. Everything else is here for daily work.
PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
PEOPLE ?= 20000
INPUT  ?=
PORT   ?= 8000
ACRO   ?=

.PHONY: demo lab test deploy-test bench scorecard screenshots lint lock clean

demo: $(VENV)/.ready
	@$(BIN)/python -m lab.demo --people $(PEOPLE) $(if $(INPUT),--input "$(INPUT)")

lab: $(VENV)/.ready
	@$(BIN)/python -m lab.demo --stay --port $(PORT) --people $(PEOPLE) $(if $(INPUT),--input "$(INPUT)")

test: $(VENV)/.ready
	$(BIN)/python -m pytest -m "not deploy"

# Installs with Ansible into a folder of its own: slower than all other tests together.
deploy-test: $(VENV)/.ready
	$(BIN)/python -m pytest -m deploy

# Ours and a peer in turns; writes the table of README.md. Some minutes, and some 2 GB of temporary files.
bench: $(VENV)/.ready
	$(BIN)/python -m tests.bench

# Attack and safe corpora through the gate, into README.md; ACRO=PYTHON asks the peer anew as well.
scorecard: $(VENV)/.ready
	$(BIN)/python -m tests.corpus $(ACRO)

# The pictures in README.md, as the journey of a real browser saw them.
screenshots: $(VENV)/.ready
	$(BIN)/python -m pytest tests/journeys
	cp var/screenshots/projects.png var/screenshots/notebook.png var/screenshots/submission.png .readme/

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/ansible-lint --offline --profile production -q ansible

# The environment is made anew from the lock file whenever that changes.
$(VENV)/.ready: requirements.lock pyproject.toml lab/bootstrap.py lab/hub/proxy/package-lock.json
	@echo "setting up $(VENV): Python packages from PyPI, the hub's proxy from npm"
	@$(PYTHON) -m lab.bootstrap $(VENV)
	@touch $@

# Needs uv, and the network.
lock:
	uv pip compile pyproject.toml --all-extras --generate-hashes --universal --python-version 3.11 \
		--quiet --no-header --output-file requirements.lock

clean:
	rm -rf $(VENV) var build *.egg-info
