"""Grades PyTorch notebooks: student code runs in a sandbox, hidden tests judge what came out of it."""

import sys

__version__ = "0.1.0"

if "rfc3987_syntax" not in sys.modules:
    # jsonschema's optional format checker builds a grammar at import, 1.2 CPU seconds that notebooks do not need. Here, so
    # that no module of the package can import nbformat before.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
