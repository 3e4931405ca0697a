"""Data set cards: README.md for people and Hugging Face, croissant.json for machines.

Both say what was measured; what no program can know (license, origin) is left open visibly.
"""

from segdata.cards.croissant import CROISSANT_FILE, croissant
from segdata.cards.readme import README_FILE, readme

__all__ = ["CROISSANT_FILE", "README_FILE", "croissant", "readme"]
