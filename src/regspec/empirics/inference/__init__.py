"""Standard errors and confidence intervals beyond HC1 (docs/inference.md)."""
