"""Portfolio lattices and bond grids."""
