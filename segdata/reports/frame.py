"""Filling templates: every page is one text that refers to nothing outside itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jinja2

from segdata.classes import Color
from segdata.reports import wording


@dataclass(frozen=True)
class Swatch:
    """One line of a legend."""

    name: str
    color: str
    meaning: str = ""


def render_page(template: str, **values: Any) -> str:
    """Fill a template; every value is escaped as text."""
    return _environment().get_template(template).render(**values)


def hex_color(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("segdata.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "fine_percent": wording.fine_percent,
        "score": wording.score,
        "px": _pixels,
    }
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False}
    return environment


def _pixels(value: float) -> str:
    """A length of a drawing, without needless digits."""
    return f"{value:.1f}".removesuffix(".0")
