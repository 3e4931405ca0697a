"""Rules about what a loader gave the network."""

from __future__ import annotations
