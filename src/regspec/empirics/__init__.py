"""Facts of the data, a module for each exhibit (docs/empirics.md)."""
