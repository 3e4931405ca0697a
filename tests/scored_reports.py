"""Reports of evaluations of noise, for tests."""

from __future__ import annotations

import numpy as np

from segdata.classes import ClassMap, SegClass
from segdata.evaluation import EvalItem, EvalOptions, evaluate
from segdata.scores import EvalReport

VOID = 255


def scored(
    classes: int = 4,
    images: int = 5,
    *,
    names: list[str] | None = None,
    confidence: bool = False,
    **options: object,
) -> EvalReport:
    rng = np.random.default_rng(classes)
    table = ClassMap(
        tuple(SegClass(i, names[i] if names else f"class {i}") for i in range(classes)), VOID
    )

    def item(number: int) -> EvalItem:
        truth = rng.integers(0, classes, (24, 32)).astype(np.uint8)
        guess = rng.integers(0, classes, truth.shape).astype(np.uint8)
        prediction = np.where(rng.random(truth.shape) < 0.3, guess, truth)
        truth[0] = VOID
        photo = rng.integers(0, 256, (24, 32, 3), np.uint8)
        sure = rng.random(truth.shape, dtype=np.float32) if confidence else None
        return EvalItem(f"image {number}", truth, prediction, photo, sure)

    return evaluate(map(item, range(images)), table, EvalOptions(**options))  # type: ignore[arg-type]
