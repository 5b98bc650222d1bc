"""Where the price feedback is strong (J above one): several equilibria of one year, and one selection of them."""
