# Every target sets itself up: Python 3.11 to 3.13 and make are all that they need.
PYTHON  ?= python3
VENV    ?= .venv
WORKERS ?= 2

bin    := $(VENV)/bin
# Python compiles what is imported when it is imported: a minute saved, most of it TensorFlow's.
pip    := $(bin)/python -m pip --disable-pip-version-check install -q --no-compile -c constraints.txt
pytest := $(bin)/python -m pytest -q -n $(WORKERS) --dist loadfile

# What must hold on every backend; `make test` runs it on JAX and PyTorch too.
portable := $(wildcard $(addprefix tests/, \
    data layers metrics models optimizers regularizers initializers schedules callbacks tuning \
    steps explanations robustness training/averaging \
    base/test_fit_frame.py \
    $(addprefix diagnostics/,looking trying test_checking.py test_doctor.py \
        test_gradient_checking.py) \
    runs/exports/test_exporting.py \
    $(addprefix training/test_,batch_statistics.py diagnosing.py exact_resume.py finish.py \
        going_on.py)))

.DEFAULT_GOAL := help
.PHONY: help demo test test-full test-nightly lint format docs bench dist clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:  ## Lists these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp  ## Trains a network on handwritten digits and writes its report.
	$(bin)/python recipes/train_from_scratch.py

# On JAX most of the time is compilation, which that flag shortens; results change by rounding only.
# On PyTorch, threads of each of the workers would wait for the same cores.
test: $(VENV)/dev.stamp  ## Runs the tests on TensorFlow, then the parts' tests on JAX and PyTorch.
	$(pytest)
	KERAS_BACKEND=jax XLA_FLAGS=--xla_backend_optimization_level=0 $(pytest) $(portable)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(pytest) $(portable)

test-full: pytest += -m ""
test-full: portable += tests/training/test_deferred_signals.py
test-full: test  ## Runs the tests and the long suites.

test-nightly: $(VENV)/nightly.stamp  ## Runs the tests on TensorFlow with tomorrow's Keras.
	PYTHONPATH=$(abspath $(VENV)/nightly) $(pytest)

lint: $(VENV)/dev.stamp  ## Checks style, types and who imports whom.
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports

format: $(VENV)/dev.stamp  ## Brings the code into form.
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

docs: $(VENV)/docs.stamp  ## Builds the documentation into site/.
	NO_MKDOCS_2_WARNING=1 $(bin)/mkdocs build --strict

bench: $(VENV)/dev.stamp  ## Runs every benchmark.
	@set -e; for script in benchmarks/*.py; do echo "$$script"; $(bin)/python $$script; done

dist: $(VENV)/dist.stamp  ## Builds sdist and wheel into dist/, and tries the wheel.
	rm -rf build dist
	$(bin)/python -m build -q
	$(bin)/python -m twine check --strict dist/*
	$(bin)/python .ci/check_dist.py dist

clean:  ## Removes everything that was installed or built; runs stay.
	rm -rf $(VENV) build dist site *.egg-info .coverage .*_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(bin)/pip:
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit( \
	    "kerasrecipes needs Python 3.11 to 3.13, found %d.%d: make PYTHON=python3.12 ..." \
	    % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/nightly.stamp: $(VENV)/dev.stamp
	@$(bin)/python -m pip --disable-pip-version-check install -q --no-compile --no-deps --upgrade \
	    --target $(VENV)/nightly keras-nightly
	@touch $@

$(VENV)/%.stamp: setup.cfg pyproject.toml constraints.txt | $(bin)/pip
	@echo "Installing into $(VENV) (minutes the first time) ..."
	@$(pip) -e ".$(extras_$*)"
	@touch $@

extras_dev  := [bench,dev,export,jax,torch]
extras_docs := [docs]
extras_dist := [dist]
