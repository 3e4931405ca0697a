"""Colors: what an unknown data set is painted with, and a draft of its class file."""

from __future__ import annotations

from segdata.coloring.drafts import draft, refuse_existing, write_draft
from segdata.coloring.operation import SAMPLED, ColorsRequest, survey_colors
from segdata.coloring.survey import ColorEntry, ColorSurvey

__all__ = [
    "SAMPLED",
    "ColorEntry",
    "ColorSurvey",
    "ColorsRequest",
    "draft",
    "refuse_existing",
    "survey_colors",
    "write_draft",
]
