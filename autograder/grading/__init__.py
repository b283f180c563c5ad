"""Grade a class: batches, nbgrader's gradebook and pages, progress and reports."""
