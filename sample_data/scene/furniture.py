"""Random street furniture: masts, traffic signs and railings."""

from __future__ import annotations

import numpy as np

from scene.ground import GRASS, WALK
from scene.palettes import METALS, ZINC
from scene.placing import Sampler
from scene.posts import Mast, Railing, Sign

_RED, _BLUE, _WHITE = (0.60, 0.012, 0.015), (0.01, 0.07, 0.48), (0.85, 0.85, 0.85)
_YELLOW, _BLACK, _GREEN = (0.80, 0.48, 0.01), (0.02, 0.02, 0.02), (0.01, 0.26, 0.10)
# shape, rim, face, mark, mark's shape
_SIGNS = [
    ("disk", _RED, _WHITE, _BLACK, "dot"), ("disk", _RED, _RED, _WHITE, "bar"),
    ("triangle", _RED, _WHITE, _BLACK, "dot"), ("triangle", _RED, _YELLOW, _BLACK, "arrow"),
    ("octagon", _WHITE, _RED, _WHITE, "bar"), ("square", _BLUE, _BLUE, _WHITE, "arrow"),
    ("disk", _BLUE, _BLUE, _WHITE, "arrow"), ("diamond", _WHITE, _YELLOW, _YELLOW, "none"),
    ("disk", _RED, _BLUE, _RED, "bar"), ("board", _WHITE, _BLUE, _WHITE, "bar"),
    ("board", _WHITE, _GREEN, _WHITE, "bar"),
]  # fmt: skip


def sample_masts(sampler: Sampler, night: bool) -> list[Mast]:
    rng, plan, masts = sampler.rng, sampler.plan, list[Mast]()
    strip = plan.ground.strips[0]
    color = sampler.pick(METALS)
    if rng.random() < 0.75:
        side = int(rng.choice([-1, 1]))
        height, arm = float(rng.uniform(4.5, 8.5)), float(rng.choice([0.0, 1.2, 1.8]))
        offset = strip.half_width + 0.5
        for s in np.arange(
            float(rng.uniform(2, 9)), min(40.0, strip.end), float(rng.uniform(9, 18))
        ):
            x, z = strip.point(float(s), side * offset)
            masts.append(Mast(x, z, height, 0.09, color, arm, 1.0 if night else 0.0))
    for _ in range(int(rng.integers(0, 5))):
        place = sampler.spot((WALK, GRASS), (3.5, 16.0))
        if place is not None:
            low, high = (0.9, 1.2) if rng.random() < 0.3 else (3.0, 7.0)
            height, radius = float(rng.uniform(low, high)), float(rng.uniform(0.05, 0.1))
            masts.append(Mast(*place, height, radius, sampler.pick(METALS)))
    return masts


def sample_signs(sampler: Sampler) -> tuple[list[Sign], list[Mast]]:
    """Signs for about half of the pictures, each on its own mast."""
    rng, signs, masts = sampler.rng, list[Sign](), list[Mast]()
    if rng.random() > 0.56:
        return signs, masts
    for _ in range(int(rng.integers(2, 5))):
        place = sampler.spot((WALK, GRASS), (4.5, 15.0))
        height = float(rng.uniform(2.0, 3.0))
        if place is None or not sampler.in_view(*place, 2.0 * height):
            continue
        shape, rim, face, mark, mark_shape = _SIGNS[int(rng.integers(len(_SIGNS)))]
        fade = float(rng.uniform(0.8, 1.1))
        colors = (np.array(rim) * fade, np.array(face) * fade, np.array(mark) * fade)
        signs.append(Sign(*place, height, shape, *colors, mark_shape))
        masts.append(Mast(*place, height + 0.3, 0.04, sampler.pick(ZINC)))
    return signs, masts


def sample_railings(sampler: Sampler) -> list[Railing]:
    rng, railings = sampler.rng, list[Railing]()
    if rng.random() > 0.4:
        return railings
    strip = sampler.plan.ground.strips[0]
    for side in (-1, 1):
        if rng.random() < 0.6:
            begin = float(rng.uniform(1, 8))
            places = np.arange(begin, begin + float(rng.uniform(4, 12)), 1.6)
            offset = side * (strip.half_width + 0.35)
            points = tuple(strip.point(float(s), offset) for s in places if s < strip.end - 1)
            railings.append(Railing(points, sampler.pick(METALS)))
    return railings
