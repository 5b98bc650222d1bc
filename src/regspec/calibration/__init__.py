"""National processes and the technology of each zone (docs/calibration.md)."""
