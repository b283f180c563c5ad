"""Grades PyTorch notebooks: student code runs in a sandbox, hidden tests judge what came out of it."""

__version__ = "0.1.0"
