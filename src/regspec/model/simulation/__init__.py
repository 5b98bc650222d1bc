"""Paths and Euler errors from solved policies."""
