"""Training: ``loop`` is the run, ``learner`` a step; ``data`` makes the batches."""
