"""The command ``autograder``."""

from .commands import authoring, grading, machine
from .commands.terminal import app

__all__ = ["app", "authoring", "grading", "machine"]

if __name__ == "__main__":
    app()
