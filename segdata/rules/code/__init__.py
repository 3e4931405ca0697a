"""Rules about commands and code with which somebody trains and predicts."""
