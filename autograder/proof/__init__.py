"""Measure hidden tests by catalogues of right and wrong answers."""
