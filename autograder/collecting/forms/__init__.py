"""The forms in which platforms give out what was handed in, each in a module that reads the names of files."""
