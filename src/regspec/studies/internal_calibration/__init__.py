"""Internal calibration: one parameter from a moment of the model (deck P)."""
