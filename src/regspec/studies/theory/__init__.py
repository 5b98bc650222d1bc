"""What the deck says on prices and productivity (M6), checked on economies made for it."""
