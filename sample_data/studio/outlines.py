"""Outlines in head heights, 0 at the head's middle; halves are mirrored when they are drawn."""

from __future__ import annotations

Outline = list[tuple[float, float]]

# right halves, from the top down
LONG_HAIR: Outline = [
    (0.0, 0.58), (0.36, 0.5), (0.5, 0.1), (0.5, -0.5), (0.56, -1.1),
    (0.3, -1.3), (0.0, -1.2),
]  # fmt: skip
BOB: Outline = [
    (0.0, 0.58), (0.36, 0.5), (0.5, 0.1), (0.52, -0.45), (0.36, -0.6),
    (0.0, -0.55),
]  # fmt: skip
NECK: Outline = [
    (0.2, -0.2), (0.2, -0.6), (0.34, -0.8), (0.4, -1.1), (0.0, -1.3),
]  # fmt: skip
HEAD: Outline = [
    (0.0, 0.54), (0.24, 0.5), (0.39, 0.25), (0.39, -0.08), (0.32, -0.36),
    (0.15, -0.53), (0.0, -0.55),
]  # fmt: skip
BEARD: Outline = [
    (0.0, -0.22), (0.2, -0.22), (0.36, -0.02), (0.36, -0.2), (0.3, -0.42),
    (0.14, -0.6), (0.0, -0.62),
]  # fmt: skip

# one side
LAPEL: Outline = [
    (0.2, -0.68), (0.5, -1.1), (0.36, -1.2), (0.4, -1.32), (0.03, -2.0),
    (0.2, -1.1),
]  # fmt: skip
COLLAR: Outline = [
    (0.18, -0.6), (0.36, -0.82), (0.2, -1.02), (0.02, -0.86),
]  # fmt: skip

# whole
HAT: Outline = [
    (-0.42, 0.2), (-0.42, 0.45), (-0.2, 0.72), (0.2, 0.72), (0.42, 0.45),
    (0.42, 0.2), (0.0, 0.26),
]  # fmt: skip
HAT_BAND: Outline = [
    (-0.43, 0.14), (-0.43, 0.3), (0.0, 0.36), (0.43, 0.3), (0.43, 0.14),
    (0.0, 0.2),
]  # fmt: skip

# one side: the line between arm and trunk
ARM_FOLD: Outline = [
    (0.78, -1.5), (0.86, -1.5), (0.93, -2.6), (0.93, -4.5), (0.84, -4.5),
]  # fmt: skip
