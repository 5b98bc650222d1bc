"""County files of the Census Bureau and the BEA as tables of zones (docs/counties.md)."""
