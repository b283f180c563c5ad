"""Code that runs in the box, next to the student's: it executes cells and collects evidence, and holds no expected value.

Only this package and one assignment's ``probes.py`` are visible in the box. Nothing here may import the rest of
``autograder``.
"""
