"""The frames of a video, one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cv2.utils import logging

from segdata.images import Unreadable

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")

# That a file is no video is told by us. FFmpeg looks when the first video is opened.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
# Some formats only tell their length in seconds, from which the number of frames is estimated.
_NEARLY_ALL = 0.95


def is_video(name: str) -> bool:
    return name.lower().endswith(VIDEO_SUFFIXES)


def count_frames(path: Path) -> int:
    """How many frames a video says it has; 1 where it does not say, or is none."""
    capture = _opened(path)
    try:
        return max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        capture.release()


def video_frames(
    path: Path, wanted: Callable[[int], bool]
) -> Iterator[tuple[int, npt.NDArray[np.uint8] | None]]:
    """Number and picture of every frame, upright; numbers count from 0.

    Args:
        wanted: whether a frame's picture is needed; of others it is None, which saves time.

    Yields:
        The number, and ``uint8 H×W×3, RGB``.

    Raises:
        Unreadable: it is no video, or it ends early; what was yielded before is sound.
    """
    capture, number = _opened(path), 0
    try:
        if not capture.isOpened():
            raise Unreadable(f"{path} cannot be read as a video")
        while capture.grab():
            yield number, _picture(capture, path) if wanted(number) else None
            number += 1
        promised = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if number < max(1, promised * _NEARLY_ALL):
            raise Unreadable(f"{path} is cut off after {number} of {promised} frames")
    finally:
        capture.release()


def _opened(path: Path) -> cv2.VideoCapture:
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        # Absolute, and by FFmpeg alone: other readers take names with % for patterns of many files.
        return cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    finally:
        logging.setLogLevel(level)


def _picture(capture: cv2.VideoCapture, path: Path) -> npt.NDArray[np.uint8]:
    sound, image = capture.retrieve()
    if not sound:
        raise Unreadable(f"{path} holds a frame that cannot be read")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
