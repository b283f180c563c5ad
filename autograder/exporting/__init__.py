"""Grades and feedback going out: from the gradebook to tables, learning management systems and zips of result pages."""
