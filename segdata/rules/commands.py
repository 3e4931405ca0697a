"""Rules about the commands and settings with which somebody trains and predicts."""

from __future__ import annotations
