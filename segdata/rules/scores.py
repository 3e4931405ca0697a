"""Rules about how predictions were made and compared with labels."""

from __future__ import annotations
