"""What is behind a sitter, out of focus."""

from __future__ import annotations

import cv2
import numpy as np
from scene.noise import Array, cell, cloudy, grain, line, mix

KINDS = ("garden", "street", "room", "brick", "studio", "sea")


def _grid(size: int) -> tuple[Array, Array]:
    """Positions 0..1 from the left and from the top."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float64) / size
    return x, y


def _garden(rng: np.random.Generator, x: Array, y: Array) -> Array:
    seed = float(rng.uniform(0, 400))
    clumps = cloudy(x * 60 + seed, y * 60) + 0.4 * grain(x * 45 + seed, y * 45)
    leaves = np.array([0.07, 0.13, 0.035]) * np.clip(1.0 + 0.6 * clumps, 0.1, 3.0)[..., None]
    sky = np.clip(cloudy(x * 25 + seed, y * 25 + 9) - 0.7 - 1.2 * (y - 0.3), 0.0, 1.0)
    grass = np.array([0.13, 0.2, 0.05]) * (1 + 0.2 * grain(x * 80, y * 30))[..., None]
    base = mix(leaves, grass, np.clip((y - float(rng.uniform(0.55, 0.9))) * 12, 0, 1))
    return mix(base, np.array([1.3, 1.4, 1.4]), sky)


def _street(rng: np.random.Generator, x: Array, y: Array) -> Array:
    color = np.full((*x.shape, 3), 0.9) * np.array([0.9, 1.0, 1.15])
    edge = 0.0
    while edge < 1.0:
        wide, top = float(rng.uniform(0.15, 0.4)), float(rng.uniform(0.0, 0.35))
        wall = np.array([0.4, 0.33, 0.26]) * rng.uniform(0.5, 1.2) * rng.uniform(0.85, 1.15, 3)
        here = (x >= edge) & (x < edge + wide) & (y > top)
        panes = (np.mod(x * 14, 1.0) < 0.45) & (np.mod(y * 9, 1.0) < 0.55)
        tone = np.where(panes, 0.3, 1.0) * (1.0 + 0.1 * cloudy(x * 40, y * 40))
        color = np.where(here[..., None], wall * tone[..., None], color)
        edge += wide
    ground = np.array([0.18, 0.18, 0.19]) * (1 + 0.1 * grain(x * 60, y * 60))[..., None]
    return mix(color, ground, np.clip((y - float(rng.uniform(0.7, 0.9))) * 20, 0, 1))


def _room(rng: np.random.Generator, x: Array, y: Array) -> Array:
    wall = np.array([0.5, 0.46, 0.38]) * rng.uniform(0.6, 1.1) * rng.uniform(0.9, 1.1, 3)
    color = wall * (1.15 - 0.5 * np.hypot(x - rng.uniform(0, 1), y - 0.2))[..., None]
    left = float(rng.uniform(0.0, 0.6))
    shelf = (np.abs(x - left - 0.2) < 0.2) & (y < 0.75)
    board = line(np.mod(y, 0.19), 0.012, np.full_like(x, 0.004))
    book, row = np.floor(x * 42), np.floor(y / 0.19)
    spine = np.stack([cell(book + k, row) for k in (1.0, 30.0, 70.0)], -1) ** 2
    tall = np.mod(y, 0.19) > 0.03 + 0.06 * cell(book, row + 5)
    books = np.where(tall[..., None], 0.04 + 0.22 * spine + 0.15 * spine[..., :1], 0.04)
    books = mix(books, np.array([0.2, 0.12, 0.06]), board)
    color = np.where(shelf[..., None], books, color)
    window = (np.abs(x - np.mod(left + 0.65, 1.0)) < 0.13) & (np.abs(y - 0.3) < 0.24)
    return np.where(window[..., None], np.array([1.6, 1.7, 1.8]), color)


def _brick(rng: np.random.Generator, x: Array, y: Array) -> Array:
    row = np.floor(y * 22)
    shifted = x * 9 + 0.5 * np.mod(row, 2)
    tone = 0.75 + 0.5 * cell(np.floor(shifted), row) + 0.08 * grain(x * 120, y * 120)
    joint = np.maximum(np.mod(y * 22, 1.0) < 0.13, np.mod(shifted, 1.0) < 0.055)
    brick = (
        np.array([0.32, 0.14, 0.09])
        * rng.uniform(0.8, 1.2)
        * rng.uniform(0.93, 1.07, 3)
        * tone[..., None]
    )
    return np.where(joint[..., None], np.array([0.4, 0.38, 0.34]), brick)


def _studio(rng: np.random.Generator, x: Array, y: Array) -> Array:
    color = rng.uniform(0.08, 0.4) * rng.uniform(0.7, 1.3, 3)
    glow = np.exp(-3.0 * ((x - rng.uniform(0.2, 0.8)) ** 2 + (y - rng.uniform(0.1, 0.6)) ** 2))
    cloth = 1.0 + 0.10 * cloudy(x * 30 + 5, y * 12)
    return np.asarray(color * (0.35 + 1.1 * glow * cloth)[..., None], np.float64)


def _sea(rng: np.random.Generator, x: Array, y: Array) -> Array:
    level = float(rng.uniform(0.35, 0.7))
    sky = mix(np.array([0.35, 0.6, 1.1]), np.array([1.1, 1.2, 1.3]), np.clip(y / level, 0, 1))
    cloud = np.clip(cloudy(x * 30, y * 70 + rng.uniform(0, 99)) * 0.5, 0, 0.8)
    sky = mix(sky, np.array([1.4, 1.35, 1.3]), cloud)
    waves = 1.0 + 0.25 * grain(x * 40, y * 160)
    sea = np.array([0.08, 0.2, 0.26]) * waves[..., None]
    sand = np.array([0.5, 0.42, 0.3]) * (1 + 0.1 * grain(x * 90, y * 90))[..., None]
    beach = level + float(rng.uniform(0.1, 0.3))
    return mix(
        mix(sky, sea, np.clip((y - level) * 200, 0, 1)), sand, np.clip((y - beach) * 40, 0, 1)
    )


def sample_backdrop(rng: np.random.Generator, size: int) -> Array:
    """Linear colors, size×size×3."""
    kind = KINDS[int(rng.integers(len(KINDS)))]
    paint = {"garden": _garden, "street": _street, "room": _room, "brick": _brick,
             "studio": _studio, "sea": _sea}[kind]  # fmt: skip
    color = paint(rng, *_grid(size))
    blur = float(rng.uniform(1.5, 6.0)) * (0.5 if kind == "brick" else 1.0)
    return np.asarray(cv2.GaussianBlur(color, (0, 0), blur), np.float64)
