"""Impulse responses to a shock to one industry (deck Q3)."""
