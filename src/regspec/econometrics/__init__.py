"""Estimators of arrays: they know no run, no configuration and no exhibit."""
