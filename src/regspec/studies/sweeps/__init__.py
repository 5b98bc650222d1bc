"""Exhibits of a sweep over parameters (docs/workflow.md)."""
