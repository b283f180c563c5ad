"""How many examples a property is tried on: the same ones each time, fewer in quick tests, or many drawn afresh.

``EXAMPLES=2000 pytest tests/test_properties.py`` draws that many afresh.
"""

import os
from typing import Any

import quick
from hypothesis import HealthCheck, Phase, settings

COUNT = int(os.environ.get("EXAMPLES", "0"))


def bounded(count: int) -> Any:
    """Settings for ``count`` examples, a tenth of it in quick tests."""
    return settings(
        max_examples=COUNT or (count // 10 if quick.active else count),
        derandomize=not COUNT,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
