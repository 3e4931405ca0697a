"""Rules about commands, settings and code with which somebody trains and predicts."""
