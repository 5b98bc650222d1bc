"""Compiled kernels of one state or one node: they allocate nothing."""
