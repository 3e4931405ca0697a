"""DeepLab V3+ in PyTorch: network, training and prediction.

People reach this package through ``segdata.train`` and ``segdata.load_predictor``; importing it
loads no torch. Only :mod:`model.config` and :mod:`model.overrides` can be used without torch.
"""

import os

# OpenMP's threads spin while they wait for each other: by default for 300,000 rounds, which starves
# every other program and, beside a second one like it, itself. A third of that is as fast on an
# idle machine (benchmarks/training_threads.py). It is read when torch is loaded: it is set before.
os.environ.setdefault("GOMP_SPINCOUNT", "100000")
