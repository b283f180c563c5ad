# Each target works on a fresh clone: set-up comes first and costs a moment once it is done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup data demo examples quick test test-all test-rest attacks prove lint clean

PYTEST_ARGS ?=
ASSIGNMENTS ?=

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup:  ## virtual environment, packages, system tools (first time 2 to 6 minutes, later under a second)
	@scripts/setup

data: setup  ## fetch and verify MNIST and Fashion-MNIST (about 10 seconds, 110 MB; later one second)
	@.venv/bin/autograder data all

demo: setup  ## grade 8 submissions in examples/ and show the table (at most 90 seconds on two cores); ALL=1 for all examples (3 minutes)
	@.venv/bin/autograder data mnist
	@.venv/bin/autograder demo $(if $(ALL),--all)

examples: setup  ## write examples/ anew from the catalogue of submissions, after a change of the notebook
	@.venv/bin/python -m autograder.proof.catalogue

lint: setup  ## ruff, formatting, mypy (about 20 seconds)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

quick: setup  ## while you work: ruff and the tests that start no box and train nothing (70 seconds on two cores)
	@scripts/test quick $(PYTEST_ARGS)

test: data  ## lint and every kind of test, of attacks and wrong answers a sample (at most 10 minutes); PYTEST_ARGS="-k sandbox" for some
	@scripts/test sample $(PYTEST_ARGS)

test-all: data  ## lint, all tests with all attacks, and the whole proof (at most 35 minutes on two cores)
	@scripts/test all $(PYTEST_ARGS)

test-rest: data  ## what `make test` of the same commit leaves out of `make test-all`
	@scripts/test rest $(PYTEST_ARGS)

attacks: data  ## only the attacks, all of them: what hostile submissions try, each graded for real (about 4 minutes on two cores)
	.venv/bin/python -m pytest tests/attacks

prove: data  ## measure the hidden tests by right and wrong answers (at most 3 minutes an assignment); ASSIGNMENTS="a b" for some
	@.venv/bin/autograder prove $(ASSIGNMENTS)

clean:  ## remove caches and demo output; keeps .venv, datasets, submissions and the gradebook
	rm -rf build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
