"""Measure bounds by repeated training of the solution."""
