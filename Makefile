# On a machine with Python 3.11 or newer and make, each of these sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS ?= runs
PORT ?= 8501

.PHONY: setup demo test check bench format clean

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(VENV) --constraint constraints.txt --editable '.[dissect,test]'
	touch $@

demo: setup
	$(BIN)/and-precompute run demo --runs $(RUNS)
	$(BIN)/streamlit run app.py --server.port $(PORT) -- --store $(RUNS)/demo/store

# Two processes with one thread each: torch's threads would wait for each other.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Ratios against a named baseline in the same run; a GPU is used where there is one. BENCH=--base for the paper's size.
# Then, each beside its target: our side of a request to a language model, modules A and B, the app on a store of that size,
# what resuming at the first pruned block saves, and how soon a reader who prunes sees figures.
bench: setup
	$(BIN)/python tests/benchmarks/activations.py $(BENCH)
	$(BIN)/python tests/benchmarks/requests.py
	$(BIN)/python tests/benchmarks/similarity.py
	$(BIN)/python tests/benchmarks/interactions.py
	$(BIN)/python tests/benchmarks/replay.py
	$(BIN)/and-precompute run demo --runs $(RUNS)
	$(BIN)/python tests/benchmarks/live_pruning.py --store $(RUNS)/demo/store

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) runs .pytest_cache .ruff_cache .mypy_cache .hypothesis
