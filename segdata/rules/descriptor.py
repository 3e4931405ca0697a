"""Rules about descriptor."""
