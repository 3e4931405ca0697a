"""segdata: from labelled images to trained, measured and understood segmentation models."""

from __future__ import annotations

__version__ = "0.1.0"
