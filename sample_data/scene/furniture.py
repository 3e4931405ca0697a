"""Random street furniture: masts, traffic signs and railings."""

from __future__ import annotations

import numpy as np

from scene.ground import GRASS, WALK
from scene.palettes import METALS
from scene.placing import Sampler
from scene.posts import Mast, Sign

_RED, _YELLOW, _BLACK = (0.62, 0.012, 0.015), (0.90, 0.58, 0.005), (0.02, 0.02, 0.02)
_WHITE, _BLUE = (0.85, 0.85, 0.85), (0.01, 0.08, 0.50)
# shape, rim, face, mark, mark's shape; mostly yellow faces, since little else in a scene is yellow
_SIGNS = [
    ("disk", _RED, _YELLOW, _BLACK, "dot"), ("triangle", _RED, _YELLOW, _BLACK, "arrow"),
    ("diamond", _BLACK, _YELLOW, _YELLOW, "none"), ("square", _YELLOW, _YELLOW, _BLACK, "arrow"),
    ("octagon", _YELLOW, _YELLOW, _RED, "bar"), ("board", _YELLOW, _YELLOW, _BLACK, "bar"),
    ("triangle", _RED, _WHITE, _BLACK, "dot"), ("square", _BLUE, _BLUE, _WHITE, "arrow"),
]  # fmt: skip


def sample_masts(sampler: Sampler) -> list[Mast]:
    rng, plan, masts = sampler.rng, sampler.plan, list[Mast]()
    strip = plan.ground.strips[0]
    color = sampler.pick(METALS)
    if rng.random() < 0.75:
        side = int(rng.choice([-1, 1]))
        height, arm = float(rng.uniform(4.5, 8.5)), float(rng.choice([0.0, 1.2, 1.8]))
        offset = strip.half_width + 0.5
        for s in np.arange(
            float(rng.uniform(2, 9)), min(24.0, strip.end), float(rng.uniform(8, 14))
        ):
            x, z = strip.point(float(s), side * offset)
            masts.append(Mast(x, z, height, 0.09, color, arm))
    for _ in range(int(rng.integers(1, 5))):
        place = sampler.spot((WALK, GRASS), (3.5, 13.0))
        if place is not None:
            low, high = (0.9, 1.2) if rng.random() < 0.2 else (3.0, 7.0)
            height, radius = float(rng.uniform(low, high)), float(rng.uniform(0.05, 0.1))
            masts.append(Mast(*place, height, radius, sampler.pick(METALS)))
    return masts


def sample_signs(sampler: Sampler) -> tuple[list[Sign], list[Mast]]:
    """Signs for about three pictures in five, each on its own mast."""
    rng, signs, masts = sampler.rng, list[Sign](), list[Mast]()
    if rng.random() > 0.72:
        return signs, masts
    for _ in range(int(rng.integers(1, 4))):
        place = sampler.spot((WALK, GRASS), (4.5, 12.0))
        height = float(rng.uniform(2.0, 3.0))
        if place is None or not sampler.in_view(*place, 2.0 * height):
            continue
        shape, rim, face, mark, mark_shape = _SIGNS[int(rng.integers(len(_SIGNS)))]
        fade = float(rng.uniform(0.92, 1.05))
        colors = (np.array(rim) * fade, np.array(face) * fade, np.array(mark) * fade)
        signs.append(Sign(*place, height, shape, *colors, mark_shape))
        masts.append(Mast(*place, height + 0.3, 0.04, sampler.pick(METALS)))
    return signs, masts
