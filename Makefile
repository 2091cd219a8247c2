# The two commands: make demo, make test. Each makes .venv and installs requirements.txt first, when missing.
PYTHON ?= python3
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE  # where it is set, each player compiles anew all that it imports

demo: .venv/ready        ## a federated session, end to end, on this machine
	mkdir -p out
	$(BIN)/python -m fl_krum session --figure out/session.png --json out/session.json

# Each part is a process of its own, that reads no test of another. Four at a time: many tests wait.
# Those that take longest begin first, so that none is left alone at the end.
PARTS := test-style test-mamba test-notebooks test-players test-lesson test-commands test-krum test-rest test-language test-types
TOGETHER := --keep-going --jobs 4 $(if $(filter output-sync,$(.FEATURES)),--output-sync)
PYTEST := $(BIN)/python -m pytest

test: export OPENBLAS_NUM_THREADS = 1  # threads of one product would wait for each other, keeping the cores busy
test: .venv/ready        ## everything: style, types, unit tests, players, notebooks
	@$(MAKE) $(TOGETHER) $(PARTS)

test-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

test-types:
	$(BIN)/mypy

test-notebooks:
	$(PYTEST) -p nbval.plugin --nbval --nbval-sanitize-with notebooks/sanitize.cfg --nbval-cell-timeout=240 notebooks

test-mamba:
	$(PYTEST) tests/mamba --ignore tests/mamba/language --ignore tests/mamba/krum

test-krum:
	$(PYTEST) tests/mamba/krum

test-players:
	$(PYTEST) tests/players

test-lesson:
	$(PYTEST) tests/lesson

test-language:
	$(PYTEST) tests/mamba/language

test-commands:
	$(PYTEST) tests/cli tests/contest tests/experiments tests/program

# Whatever the parts above leave.
test-rest:
	$(PYTEST) tests --ignore tests/mamba --ignore tests/players --ignore tests/lesson --ignore tests/cli --ignore tests/contest --ignore tests/experiments --ignore tests/program

test-browser: .venv/ready ## the notebooks' panels and the slides in a real browser, where there is Chromium
	$(PYTEST) -m browser tests

test-flower: .venv-flower/ready ## the Flower strategy, in an environment of its own, which has Flower
	.venv-flower/bin/python -m pytest tests/flower

test-long: .venv/ready   ## what takes minutes: sessions on several hosts that come and go
	$(PYTEST) -m long tests

explore: .venv/ready     ## the laws that Hypothesis tests, on random examples, others each time
	$(PYTEST) --hypothesis-profile explore -m hypothesis tests
	PYTHONPATH=tests/fakes $(BIN)/python tests/fakes/every_deviation.py --state out/deviations

lab: .venv/ready         ## the lesson, in copies of your own: LAB=FOLDER (default ~/fl_krum-lab)
	$(BIN)/python -m fl_krum lab $(LAB)

slides: .venv/ready      ## slides of the lesson, for a room without network, in out/slides
	$(BIN)/python -m fl_krum export --output out/slides

lite: .venv/ready        ## notebooks 1 to 4 as a site that runs in the browser, in out/lite; PYODIDE=FOLDER for one without network
	test -d .venv-lite || $(PYTHON) -m venv .venv-lite
	.venv-lite/bin/pip install --quiet 'jupyterlite-core>=0.8,<0.9' 'jupyterlite-pyodide-kernel>=0.8,<0.9' jupyter_server 'ipywidgets>=8.1'
	$(BIN)/python docs/make_lite.py out/lite-source $(if $(PYODIDE),--pyodide $(PYODIDE))
	rm -rf out/lite
	cd out/lite-source && ../../.venv-lite/bin/jupyter lite build --output-dir ../lite

addresses: .venv/ready   ## README's badges and the notebooks' first cell, out of PROJECT_URL in setup.py
	$(BIN)/python docs/addresses.py

docs: .venv/ready        ## the API reference, of the docstrings, in out/reference
	$(BIN)/python docs/make_reference.py

demo-page: .venv/ready   ## notebook 5 as a web page, for those who do not know Jupyter
	$(BIN)/voila notebooks/05_federated_session.ipynb --progressive_rendering=True \
	    --MappingKernelManager.cull_idle_timeout=120 --MappingKernelManager.cull_interval=30

bench: .venv/ready       ## measure; BENCH="--peers mp-spdz" adds others, see benchmarks/README.md
	$(BIN)/python -m benchmarks $(BENCH)

.venv/ready: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

.venv-flower/ready: requirements.txt setup.py
	$(PYTHON) -m venv .venv-flower
	.venv-flower/bin/pip install --quiet -e '.[flower]' pytest pytest-timeout hypothesis psutil
	touch $@

help:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:[^#]*## */\t/'

.PHONY: demo test $(PARTS) test-browser test-flower explore lab slides lite addresses docs demo-page bench help
