"""Rules about what a training log tells."""

from __future__ import annotations
