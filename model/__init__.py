"""DeepLab V3+ in PyTorch: network, training and prediction.

People reach this package through ``segdata.train`` and ``segdata.load_predictor``; importing it
loads no torch. Only :mod:`model.config` and :mod:`model.overrides` can be used without torch.
"""

import os

# OpenMP's threads spin while they wait for each other. Where other programs want the cores too,
# that made a training step several times slower than threads that sleep
# (benchmarks/training_threads.py). It is read when torch is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
