"""Rules about the scores before the best one is taken, and about other ways to feed images."""

from __future__ import annotations
