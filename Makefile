# PYTHON=/path/to/python: the Python that .venv is made with. ARGS="...": goes to pytest or the demo; with -n 0, pytest
# runs one test after another, as -s and --pdb need it. For test-all, EXCEPT=X.Y is a Python to leave out, and
# BETWEEN="..." goes to pytest on those that are neither the oldest nor the newest.
VENV := .venv
# Most tests wait for other programs. A file's tests stay in one process, and with them what its fixtures start.
PARALLEL := -n 2 --dist loadfile
PURE := tests/unit tests/docs tests/tools/test_layers.py
export PYTHON EXCEPT BETWEEN PARALLEL

.PHONY: help run demo test check test-all fuzz bench path soak screenshots lint audit format clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 20

run: ## start the bot
	@tools/venv.sh $(VENV) run
	@exec $(VENV)/bin/python chatbot.py

demo: ## try the bot in a browser with a real model, without any account
	@tools/venv.sh $(VENV) demo
	@exec $(VENV)/bin/python -m demo $(ARGS)

test: ## run all tests (4 to 6 minutes on two cores)
	@tools/venv.sh $(VENV) test
	$(VENV)/bin/python -m pytest $(PARALLEL) $(ARGS)

check: lint ## lint, and test single modules and the READMEs (under a minute)
	$(VENV)/bin/python -m pytest $(PARALLEL) $(PURE) $(ARGS)

test-all: ## run all tests on every Python from 3.8 on that is installed
	@tools/test-all.sh $(ARGS)

fuzz: ## try 30 times as much generated text on what cuts and rewrites answers
	@tools/venv.sh $(VENV) test
	FUZZ_TIMES=30 $(VENV)/bin/python -m pytest -m fuzz --timeout 3600 $(ARGS)

bench: ## measure how fast the bot is, judge its goals, and write the figures into docs/speed.md (about 5 minutes)
	@tools/venv.sh $(VENV) test
	$(VENV)/bin/python -m bench $(or $(ARGS),--write)

path: ## list the functions that one `!chat` runs through
	@tools/venv.sh $(VENV) test
	$(VENV)/bin/python -m tools.path $(ARGS)

soak: ## give 2,000 answers in a row, and see that memory, threads, files and tasks stay (Linux, macOS)
	@tools/venv.sh $(VENV) test
	$(VENV)/bin/python -m bench.soak $(ARGS)

screenshots: ## take the pictures of the READMEs again, from the running demo
	@tools/venv.sh $(VENV) test
	$(VENV)/bin/python tools/screenshots.py

lint: ## check style and types (Python 3.10 or later)
	@tools/venv.sh $(VENV) test
	@$(VENV)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 10) and "make lint needs Python 3.10 or later")'
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m mypy .

audit: ## look for known vulnerabilities in the packages that the bot runs with (Python 3.10 or later)
	@tools/venv.sh $(VENV) test
	$(VENV)/bin/python tools/audit.py

format: ## lay out the code as `make lint` wants it
	@tools/venv.sh $(VENV) test
	$(VENV)/bin/python -m ruff format .

clean: ## delete the virtual environments and all caches
	rm -rf .venv .venv-3.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
