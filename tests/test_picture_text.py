"""Names in pictures: in their own letters where a font has them, never wider than their room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from segdata.drawing import text
from segdata.drawing.text import font_for, legible, shortened, width_of


@pytest.fixture
def no_installed_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(text, "_INSTALLED", ())
    text._installed.cache_clear()
    font_for.cache_clear()
    yield
    text._installed.cache_clear()
    font_for.cache_clear()


@pytest.mark.parametrize(
    ("name", "drawn"),
    [("road", "road"), ("Straße", "Stra?e"), ("café", "cafe"), ("道路 road", "?? road"),
     ("道路", "class 7"), ("", "class 7")],
)  # fmt: skip
@pytest.mark.usefixtures("no_installed_fonts")
def test_without_fonts_names_are_spelled_in_ascii(name: str, drawn: str) -> None:
    expected = name if name.isascii() else drawn
    assert legible(name, 14, "class 7") == expected


@pytest.mark.parametrize("name", ["дорога", "άνθρωπος", "Straße"])
def test_installed_fonts_draw_other_scripts(name: str) -> None:
    if not text._installed(14):
        pytest.skip("no font of the list is installed")
    if font_for(name, 14) is None:
        pytest.skip("none of the installed fonts has these letters")
    assert legible(name, 14, "class 7") == name
    assert width_of(name, 14) > 20


def test_a_font_without_the_letters_is_not_taken() -> None:
    for font in text._installed(14):
        assert not text._has_letters(font, "\uffff")
        assert text._has_letters(font, "road")


def test_what_is_too_wide_ends_in_dots() -> None:
    fitted = shortened("a long name of a class", 14, 80)
    assert fitted.endswith("...")
    assert width_of(fitted, 14) <= 80
    assert shortened("road", 14, 80) == "road"
