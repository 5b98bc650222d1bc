"""The model: grids, shocks, compiled equilibrium conditions, backward solution, simulation, accuracy (docs/model.md)."""
