"""People who sit for a portrait: head, hair, neck, shoulders, clothes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scene.noise import Array, cloudy, grain
from scene.palettes import CLOTHES, HAIRS, SKINS, Palette

from studio.outlines import (
    ARM_FOLD,
    BEARD,
    BOB,
    COLLAR,
    HAT,
    HAT_BAND,
    HEAD,
    LAPEL,
    LONG_HAIR,
    NECK,
)
from studio.shapes import Frame, Mask, Sheet, ellipse, mirrored, rounded

HAIRCUTS = ("short", "long", "bob", "curly", "bun", "bald", "hat")
OUTFITS = ("shirt", "jacket", "sweater", "vneck", "stripes", "coat")


@dataclass(frozen=True)
class Sitter:
    """Colors are linear; turn is how far the face looks aside, in head heights."""

    frame: Frame
    skin: Array
    hair: Array
    cloth: Array
    second: Array
    haircut: str
    outfit: str
    shoulders: float
    turn: float
    beard: bool
    glasses: bool
    smile: float
    seed: float

    def draw(self, sheet: Sheet) -> None:
        self._hair_behind(sheet)
        self._neck(sheet)
        self._clothes(sheet)
        self._head(sheet)
        self._face(sheet)
        self._hair(sheet)
        if self.glasses:
            self._glasses(sheet)

    def _fill(self, sheet: Sheet, outline: Array, albedo: Array, roundness: float) -> None:
        sheet.paint(sheet.mask(self.frame.at(outline)), albedo, roundness * self.frame.scale)

    def _grid(self, sheet: Sheet) -> tuple[Array, Array]:
        """Pixel positions in head heights, so that cloth and hair scale with the sitter."""
        y, x = np.mgrid[0 : sheet.rgb.shape[0], 0 : sheet.rgb.shape[1]].astype(np.float64)
        return (x - self.frame.x) / self.frame.scale, (self.frame.y - y) / self.frame.scale

    def _strands(self, sheet: Sheet) -> Array:
        x, y = self._grid(sheet)
        curl = cloudy(x * 30 + self.seed, y * 30)
        across = 150.0 if self.haircut != "curly" else 60.0
        along = 14.0 if self.haircut != "curly" else 60.0
        strands = grain(x * across + 3.0 * curl + self.seed, y * along + 3.0 * curl)
        tone = np.clip(1.0 + 0.38 * strands + 0.25 * curl, 0.25, 2.2)
        return np.asarray(self.hair * tone[..., None], np.float64)

    def _flesh(self, sheet: Sheet) -> Array:
        x, y = self._grid(sheet)
        tone = 1.0 + 0.035 * cloudy(x * 20 + self.seed, y * 20) + 0.02 * grain(x * 90, y * 90)
        return np.asarray(self.skin * tone[..., None], np.float64)

    def _hair_behind(self, sheet: Sheet) -> None:
        if self.haircut == "long":
            self._fill(sheet, rounded(mirrored(LONG_HAIR)), self._strands(sheet) * 0.8, 0.25)
        elif self.haircut == "bob":
            self._fill(sheet, rounded(mirrored(BOB)), self._strands(sheet) * 0.8, 0.25)
        elif self.haircut == "bun":
            self._fill(
                sheet, ellipse(0.05 - self.turn, 0.62, 0.2, 0.18), self._strands(sheet), 0.15
            )

    def _neck(self, sheet: Sheet) -> None:
        self._fill(sheet, rounded(mirrored(NECK)), self._flesh(sheet) * 0.9, 0.3)
        shadow = self.frame.at(ellipse(self.turn * 0.5, -0.52, 0.26, 0.14))
        sheet.stain(shadow, self.skin * 0.22, 0.65, 0.05 * self.frame.scale)

    def _woven(self, sheet: Sheet, color: Array) -> Array:
        x, y = self._grid(sheet)
        folds = cloudy(x * 12 + self.seed, y * 5)
        tone = np.clip(1.0 + 0.14 * folds + 0.06 * grain(x * 70, y * 70), 0.4, 1.8)
        if self.outfit == "sweater":
            tone = tone * (0.86 + 0.28 * (np.mod(x * 16, 1.0) > 0.4))
        albedo = np.asarray(color * tone[..., None], np.float64)
        if self.outfit == "stripes":
            striped = np.mod(y * 4.5 + 0.1 * folds, 1.0) < 0.42
            albedo = np.where(striped[..., None], self.second * tone[..., None], albedo)
        return albedo

    def _clothes(self, sheet: Sheet) -> None:
        wide = self.shoulders
        right = [(0.2, -0.66), (0.42, -0.78), (0.8 * wide, -0.9), (1.0 * wide, -1.05),
                 (1.12 * wide, -1.5), (1.2 * wide, -2.4), (1.2 * wide, -4.5)]  # fmt: skip
        dip = {"vneck": (0.0, -1.35), "coat": (0.0, -1.0)}.get(self.outfit, (0.0, -0.88))
        outline = [
            *right,
            *((-x, y) for x, y in reversed(right)),
            (-0.16, -0.76),
            dip,
            (0.16, -0.76),
        ]
        self._fill(sheet, rounded(outline, 2), self._woven(sheet, self.cloth), 0.34)
        self._seams(sheet)
        if self.outfit in ("jacket", "coat"):
            chest = np.array([(0.22, -0.72), (0.0, -1.9), (-0.22, -0.72), (0.0, -0.95)])
            self._fill(sheet, chest, self._woven(sheet, self.second), 0.3)
            for side in (-1.0, 1.0):
                turned = np.array([(side * x, y) for x, y in LAPEL])
                self._fill(sheet, turned, self._woven(sheet, self.cloth) * 1.12, 0.05)
        elif self.outfit == "shirt":
            for side in (-1.0, 1.0):
                turned = np.array([(side * x, y) for x, y in COLLAR])
                self._fill(sheet, turned, self._woven(sheet, self.cloth) * 1.1, 0.05)
            for row in range(5):
                button = self.frame.at(ellipse(0.01, -1.1 - 0.36 * row, 0.025, 0.025))
                sheet.stain(button, self.second * 0.5, 0.9, 0.5)

    def _seams(self, sheet: Sheet) -> None:
        """Arms stand out from the trunk by a soft dark line."""
        for side in (-1.0, 1.0):
            fold = [(side * x * self.shoulders, y) for x, y in ARM_FOLD]
            inside = self.frame.at(np.array(fold))
            sheet.stain(inside, self.cloth * 0.12, 0.6, 0.05 * self.frame.scale)

    def _head(self, sheet: Sheet) -> None:
        for side in (-1.0, 1.0):
            ear = ellipse(side * 0.375 - 0.4 * self.turn, -0.04, 0.055, 0.115)
            self._fill(sheet, ear, self._flesh(sheet) * 0.9, 0.05)
        self._fill(sheet, rounded(mirrored(HEAD)), self._flesh(sheet), 0.36)
        for side in (-1.0, 1.0):
            cheek = self.frame.at(ellipse(self.turn + side * 0.2, -0.16, 0.09, 0.07))
            blush = self.skin * np.array([1.15, 0.75, 0.7])
            sheet.stain(cheek, blush * sheet.lamp.color, 0.25, 0.05 * self.frame.scale)

    def _face(self, sheet: Sheet) -> None:
        unit = self.frame.scale
        white = (sheet.lamp.color + sheet.lamp.fill) * 0.3
        for side in (-1.0, 1.0):
            x = self.turn + side * 0.155
            socket = self.frame.at(ellipse(x, 0.05, 0.1, 0.06))
            sheet.stain(socket, self.skin * 0.35, 0.5, 0.035 * unit)
            sheet.stain(self.frame.at(ellipse(x, 0.035, 0.062, 0.026)), white, 0.9, 0.006 * unit)
            iris = self.frame.at(ellipse(x + 0.25 * self.turn, 0.037, 0.027, 0.028))
            sheet.stain(iris, np.array([0.02, 0.015, 0.01]), 0.95, 0.005 * unit)
            lid = self.frame.at(ellipse(x, 0.06, 0.068, 0.012))
            sheet.stain(lid, self.hair * 0.1, 0.8, 0.006 * unit)
            brow = [(x - 0.085, 0.118), (x, 0.15), (x + 0.085, 0.118), (x, 0.125)]
            sheet.stain(self.frame.at(rounded(brow, 1)), self.hair * 0.3, 0.9, 0.01 * unit)
        nose = [(self.turn * 1.5 + a, b) for a, b in ((0.0, 0.05), (0.055, -0.14), (0.02, -0.17))]
        sheet.stain(self.frame.at(np.array(nose)), self.skin * 0.3, 0.5, 0.02 * unit)
        under = self.frame.at(ellipse(self.turn * 1.4, -0.175, 0.06, 0.018))
        sheet.stain(under, self.skin * 0.2, 0.65, 0.012 * unit)
        self._mouth(sheet)

    def _mouth(self, sheet: Sheet) -> None:
        unit, x, up = self.frame.scale, self.turn * 1.1, 0.03 * self.smile
        if self.beard:
            mask = sheet.mask(
                self.frame.at(rounded(mirrored(BEARD), 2) + np.array([0.3 * self.turn, 0.0]))
            )
            sheet.paint(mask, self._strands(sheet), 0.3 * unit)
        lips = [(x - 0.13, -0.3 + up), (x, -0.27), (x + 0.13, -0.3 + up), (x, -0.345 - up)]
        rose = self.skin * np.array([0.85, 0.42, 0.42])
        sheet.stain(self.frame.at(rounded(lips, 2)), rose * sheet.lamp.color, 0.85, 0.012 * unit)
        slit = [(x - 0.115, -0.3 + up), (x, -0.302), (x + 0.115, -0.3 + up), (x, -0.314)]
        sheet.stain(self.frame.at(rounded(slit, 1)), self.skin * 0.08, 0.9, 0.006 * unit)

    def _hair(self, sheet: Sheet) -> None:
        strands = self._strands(sheet)
        if self.haircut == "hat":
            self._hat(sheet)
            return
        if self.haircut == "bald":
            return
        top = 0.6 if self.haircut != "curly" else 0.72
        side = 0.43 if self.haircut != "curly" else 0.55
        low = {"long": -0.5, "bob": -0.45, "curly": -0.2}.get(self.haircut, -0.02)
        part = 0.12 * np.sign(self.turn if self.turn != 0 else 1.0)
        right = [(0.0, top), (0.3, top - 0.06), (side + 0.02, 0.25), (side, low)]
        outer = [*((-x, y) for x, y in reversed(right[1:])), *right]
        inner = [
            (0.37, low),
            (0.35, 0.1),
            (0.27, 0.29),
            (part, 0.36),
            (-0.27, 0.29),
            (-0.35, 0.1),
            (-0.37, low),
        ]
        inner = [(x + 0.6 * self.turn, y) for x, y in inner]
        mask = sheet.mask(self.frame.at(rounded([*outer, *inner], 2)))
        if self.haircut == "curly":
            mask = self._frizzy(sheet, mask)
        sheet.paint(mask, strands, 0.2 * self.frame.scale)

    def _frizzy(self, sheet: Sheet, mask: Mask) -> Mask:
        """An outline of curls: the smooth one moved by noise."""
        x, y = self._grid(sheet)
        soft = cv2.GaussianBlur(mask.astype(np.float64), (0, 0), 0.05 * self.frame.scale)
        return (soft + 0.16 * cloudy(x * 45 + self.seed, y * 45) > 0.5).astype(np.uint8)

    def _hat(self, sheet: Sheet) -> None:
        self._fill(sheet, rounded(HAT, 2), self._woven(sheet, self.second), 0.3)
        self._fill(sheet, rounded(HAT_BAND, 2), self._woven(sheet, self.second) * 0.75, 0.08)

    def _glasses(self, sheet: Sheet) -> None:
        unit, dark = self.frame.scale, np.array([0.01, 0.01, 0.012])
        for side in (-1.0, 1.0):
            x = self.turn + side * 0.155
            rim = sheet.mask(self.frame.at(ellipse(x, 0.04, 0.115, 0.085)))
            hole = sheet.mask(self.frame.at(ellipse(x, 0.04, 0.098, 0.068)))
            ring = (rim > 0) & (hole == 0) & sheet.person
            sheet.rgb[ring] = dark
            bar = [
                (x + side * 0.11, 0.06),
                (side * 0.37, 0.08),
                (side * 0.37, 0.05),
                (x + side * 0.11, 0.035),
            ]
            sheet.stain(self.frame.at(np.array(bar)), dark, 0.95, 0.004 * unit)
        bridge = ellipse(self.turn, 0.055, 0.05, 0.01)
        sheet.stain(self.frame.at(bridge), dark, 0.95, 0.004 * unit)


def _pick(rng: np.random.Generator, palette: Palette, tint: float) -> Array:
    color = np.array(palette[int(rng.integers(len(palette)))])
    return np.clip(color * (1.0 + rng.normal(0, tint, 3)) * rng.uniform(0.75, 1.3), 0.008, 0.8)


def sample_sitter(rng: np.random.Generator, size: int) -> Sitter:
    """A person somewhere in a square picture of `size` pixels, head and shoulders at least."""
    scale = size * float(rng.uniform(0.22, 0.46))
    x = size * float(np.clip(rng.normal(0.5, 0.13), 0.25, 0.75))
    y = scale * 0.68 + size * float(rng.uniform(0.02, 0.2))
    haircut = str(rng.choice(HAIRCUTS, p=[0.28, 0.22, 0.12, 0.14, 0.08, 0.08, 0.08]))
    return Sitter(
        frame=Frame(x, y, scale, float(rng.normal(0.0, 0.07))),
        skin=_pick(rng, SKINS, 0.015),
        hair=_pick(rng, HAIRS, 0.03),
        cloth=_pick(rng, CLOTHES, 0.06),
        second=_pick(rng, CLOTHES, 0.06),
        haircut=haircut,
        outfit=str(rng.choice(OUTFITS)),
        shoulders=float(rng.uniform(0.88, 1.12)),
        turn=float(rng.normal(0.0, 0.05)),
        beard=bool(haircut in ("short", "bald", "hat") and rng.random() < 0.4),
        glasses=bool(rng.random() < 0.25),
        smile=float(rng.uniform(0.0, 1.5)),
        seed=float(rng.uniform(0, 400)),
    )
