"""Seeded portraits: sitters, what they wear, the light on them and what is behind them."""
