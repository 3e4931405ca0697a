"""Rules about pairing."""
