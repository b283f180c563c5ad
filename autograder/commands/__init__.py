"""The commands of ``autograder``, by what people come for: the machine, authoring, grading."""
