"""Solves of a zone: settings, keys, stored solutions, checkpoints and batches."""
