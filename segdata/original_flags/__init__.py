"""The command lines of the original DeepLab's scripts, in our words.

A command of a DeepLab tutorial runs with only its program's name changed: ``table`` says what each
flag becomes, or why it changes nothing here; ``reading`` reads a command line as absl does.
Facts: research/deeplab in tensorflow/models at commit 0e2d1f0f.
"""

from segdata.original_flags.network_settings import network_settings_of as network_settings_of
