"""The exhibits of the facts: a module with `write(inputs)` each, and what they share."""
