"""Census microdata, streamed: from persons to amounts by zone, year and industry (docs/microdata.md)."""
