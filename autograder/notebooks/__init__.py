"""Notebooks as data: made for students, read back from them, restored to the cells that were released."""
