"""Raw tables, of every source, as clean tables of zones, and the map (docs/data.md)."""
