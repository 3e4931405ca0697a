"""Pictures to predict, wherever they come from: files, folders, patterns, videos, a pipe."""

from segdata.frames.reading import Damaged, Frame, Photo, read_ahead, read_frames
from segdata.frames.sources import Source, Sources, find_sources
from segdata.frames.videos import VIDEO_SUFFIXES

__all__ = [
    "VIDEO_SUFFIXES",
    "Damaged",
    "Frame",
    "Photo",
    "Source",
    "Sources",
    "find_sources",
    "read_ahead",
    "read_frames",
]
