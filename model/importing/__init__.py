"""Weights of others: TensorFlow's checkpoints and frozen graphs, timm's files, our own checkpoints.

One module per kind of file turns it into :class:`model.importing.source.Source`: names, shapes, and
arrays that are read one by one. None of them executes anything or believes a length that it has not
checked, and none needs TensorFlow, whose own reader ends the whole process on a checkpoint that
says it has a variable of -1 rows.
"""
