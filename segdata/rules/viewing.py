"""Rules about how predictions are saved and looked at: black on the screen, right in the file."""

from __future__ import annotations
