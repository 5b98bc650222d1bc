"""Studies that are made on request: a folder each, with `run.py`, its solves and its exhibits."""
