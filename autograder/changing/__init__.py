"""Changes after grading: what an instructor decides about a graded class, shown before it is done, and undone again."""
