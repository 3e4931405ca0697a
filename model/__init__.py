"""DeepLab V3+ in PyTorch: network, training and prediction.

People reach this package through ``segdata.train`` and ``segdata.load_predictor``; importing it
loads no torch. Only :mod:`model.config` and :mod:`model.overrides` can be used without torch.
"""
