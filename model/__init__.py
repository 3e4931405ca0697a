"""DeepLab V3+ in PyTorch: ``network``, ``training``, ``prediction``, ``importing``, ``exporting``.

Beside these packages lie the settings (``config`` and what it is made of; they need no torch) and
what a run leaves on disk (``run_folder``, ``checkpoint``, ``restoring``). People reach all of it
through ``segdata.train`` and ``segdata.load_predictor``; importing this package loads no torch.
"""

import os

# OpenMP's threads spin while they wait for each other: by default for 300,000 rounds, which starves
# every other program and, beside a second one like it, itself. A third of that is as fast on an
# idle machine (benchmarks/training_threads.py). It is read when torch is loaded: it is set before.
os.environ.setdefault("GOMP_SPINCOUNT", "100000")
