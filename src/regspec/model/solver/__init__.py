"""Time iteration: from problem to policies by year."""
