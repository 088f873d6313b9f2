# Each target sets up what it needs: `make run` and `make test` are enough on a fresh machine.
SHELL := bash
PYTHON ?= python3.11
BIN := .venv/bin
SPEC ?= demo
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export DO_NOT_TRACK := 1
export OMP_WAIT_POLICY := passive
export OPENBLAS_NUM_THREADS := 1
# The many processes of a run, and of the tests, use each other's compiled code.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test fast lint docs format graph rooms bench lock ui clean

help:  ## what there is to make
	@sed -n 's/^\([a-z]*\):.*##  */  \1\t/p' Makefile | expand -t 12

run: .venv/ready  ## run the main job: make run SPEC=telco for another spec
	@$(BIN)/python -m pipelines run $(SPEC)

test: .venv/spark .venv/oracles .venv/remotes  ## every test, the long simulations included
	@tests/install_servers
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

fast: .venv/spark .venv/oracles .venv/remotes  ## the tests but for the long simulations
	@tests/install_servers
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow"

lint: .venv/ready  ## ruff, mypy, the import contracts, and the site built strictly
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/sphinx-build -q -W --keep-going docs docs/_build

docs: .venv/ready  ## the site of the documentation, in docs/_build
	@$(BIN)/sphinx-build -q -W --keep-going docs docs/_build && echo docs/_build/index.html

format: .venv/ready
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

graph: .venv/ready  ## write what each stage depends on into dvc.yaml, after modules or imports have changed
	@$(BIN)/python -m tests.architecture.dvc_graph

rooms: .venv/ready  ## draw which room of pipelines/ and experiments/ needs which (Graphviz: apt-get install graphviz)
	@for package in pipelines experiments; do \
		$(BIN)/import-linter drawgraph $$package | dot -Tsvg -o docs/rooms_$$package.svg || exit 1; done

bench: .venv/ready  ## the figures of docs/performance.md, measured on this machine
	@$(BIN)/python -m tests.benchmarks --setup

ui: .venv/ready  ## look at trials and models in MLflow
	@$(BIN)/mlflow ui --backend-store-uri sqlite:///mlflow.db

# The lock holds every version with its hashes and no addresses.
lock: .venv/ready
	@$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 --universal \
		--group dev pyproject.toml -o requirements.lock
	@sed -n 's/^spark = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url \
		--python-version 3.11 --universal -c requirements.lock - -o requirements-spark.lock
	@sed -n 's/^\(ssh\|s3\) = \["\(.*\)"\]$$/\2/p' pyproject.toml | $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url \
		--python-version 3.11 --universal -c requirements.lock - -o requirements-remotes.lock
	@sed -n 's/^\(oracles\|fakes\) = \["\(.*\)"\]$$/\2/p' pyproject.toml | $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url \
		--python-version 3.11 --universal --no-emit-package nvidia-nccl-cu12 --no-emit-package nvidia-nccl-cu13 \
		-c requirements.lock -c requirements-remotes.lock - -o requirements-oracles.lock

.venv/ready: requirements.lock
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r <(sed -n '/^uv==/,/^ *#/p' requirements.lock)
	@$(BIN)/uv pip sync -q --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install -q --offline --no-deps --no-build-isolation --python $(BIN)/python -e .
	@touch $@

# Half a gigabyte that only the tests and those who have a cluster need.
.venv/spark: .venv/ready requirements-spark.lock
	@$(BIN)/uv pip install -q --require-hashes --python $(BIN)/python -r requirements-spark.lock
	@touch $@

# What DVC needs for a remote over SSH or on S3.
.venv/remotes: .venv/ready requirements-remotes.lock
	@$(BIN)/uv pip install -q --require-hashes --no-deps --python $(BIN)/python -r requirements-remotes.lock
	@touch $@

# What only tests need: causalml to compare with, without what XGBoost brings for graphics cards, and a server of S3.
.venv/oracles: .venv/ready requirements-oracles.lock
	@$(BIN)/uv pip install -q --require-hashes --no-deps --python $(BIN)/python -r requirements-oracles.lock
	@touch $@
