"""One run of a submission in a box: what is run, what came out, and where that is kept."""
