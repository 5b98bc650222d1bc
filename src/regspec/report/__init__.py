"""One self-contained HTML page of a run: the story, every exhibit, each zone (docs/report.md)."""
