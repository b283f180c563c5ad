"""The command ``autograder``."""

from .commands import authoring, changing, collecting, exporting, grading, machine
from .commands.terminal import app

__all__ = ["app", "authoring", "changing", "collecting", "exporting", "grading", "machine"]

if __name__ == "__main__":
    app()
