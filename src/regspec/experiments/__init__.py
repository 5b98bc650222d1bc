"""regspec."""
