"""The step ``planner``: externalities behind the welfare gain, taxes in the long run, simple rules (docs/results.md)."""
