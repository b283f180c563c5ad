"""Networks as a probe recorded them: their layers, what they compute, and how they differ from a reference."""
