"""Rules about what goes into a network and what comes out: batches, scores, decoding."""
