"""Rules about what programs print."""
