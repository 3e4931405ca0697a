"""Rules about a training: what it was told, and what its loss and scores did."""
