# Each target works on a fresh clone: set-up comes first and costs a moment once it is done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup data demo examples test attacks prove lint clean

PYTEST_ARGS ?=
ASSIGNMENTS ?=

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup:  ## virtual environment, packages, system tools (first time 2 to 6 minutes, later under a second)
	@scripts/setup

data: setup  ## fetch and verify MNIST and Fashion-MNIST (about 10 seconds, 110 MB; later one second)
	@.venv/bin/autograder data all

demo: setup  ## grade the submissions in examples/ and show the table (at most 4 minutes on two cores)
	@.venv/bin/autograder data mnist
	@.venv/bin/autograder demo

examples: setup  ## write examples/ anew from the catalogue of submissions, after a change of the notebook
	@.venv/bin/python -m autograder.proof.catalogue

lint: setup  ## ruff, formatting, mypy (about 20 seconds)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

test: lint data  ## lint, all tests with all attacks, and prove (about 30 minutes on two cores); PYTEST_ARGS="-k sandbox" for some tests
	.venv/bin/python -m pytest $(PYTEST_ARGS)
	$(if $(PYTEST_ARGS),,@$(MAKE) --no-print-directory prove)

attacks: data  ## only the attacks of `make test`: what hostile submissions try, each graded for real (about 4 minutes on two cores)
	.venv/bin/python -m pytest tests/attacks

prove: data  ## measure the hidden tests by right and wrong answers (at most 3 minutes an assignment); ASSIGNMENTS="a b" for some
	@.venv/bin/autograder prove $(ASSIGNMENTS)

clean:  ## remove caches and demo output; keeps .venv, datasets, submissions and the gradebook
	rm -rf build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
