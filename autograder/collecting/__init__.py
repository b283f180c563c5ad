"""Take what students handed in out of what a learning platform gives, into ``submitted/``; ``autograder collect``."""
