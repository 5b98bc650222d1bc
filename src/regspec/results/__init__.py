"""Exhibits of the solved model, a module each (docs/results.md)."""
