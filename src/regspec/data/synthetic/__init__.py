"""The seeded synthetic economy (docs/data.md: its process, its targets and what they miss)."""
