"""What every group of settings is made of: a strict, frozen model and numbers with a range."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(gt=0, le=1)]
# What torch and NumPy both take.
Seed = Annotated[int, Field(ge=0, lt=1 << 63)]
HeightWidth = tuple[PositiveInt, PositiveInt]


class Settings(BaseModel):
    """What all groups of settings share: frozen, strict, finite, no unknown keys."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )
