"""The command ``autograder``."""

from .commands import authoring, exporting, grading, machine
from .commands.terminal import app

__all__ = ["app", "authoring", "exporting", "grading", "machine"]

if __name__ == "__main__":
    app()
