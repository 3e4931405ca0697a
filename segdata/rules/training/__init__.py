"""Rules about a training: what it was told, what it reads, and what its loss and scores did."""
