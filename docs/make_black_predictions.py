"""Writes the table of causes in docs/black-predictions.md, docs/causes.md and their pictures.

The causes are the rules' own pages; the pictures are made of sample_data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from segdata.chain import Link, link_of
from segdata.classes import ClassMap
from segdata.exhibits import Meaning
from segdata.exhibits.labels import Place, label_exhibit
from segdata.exhibits.view import Pixels
from segdata.images import encode_photo
from segdata.rules import Rule, all_rules

DOCS = Path(__file__).parent
PAGE, CAUSES = DOCS / "black-predictions.md", DOCS / "causes.md"
BEGIN, END = "<!-- made by docs/make_black_predictions.py -->\n", "<!-- until here -->\n"
SAMPLES = DOCS.parent / "sample_data" / "broken"
# Pictures: the label, and how many classes its trainer knows.
LABELS = {
    "black-viewer.png": ("L03/sound/SegmentationClass/scene_0.png", 3),
    "black-255.png": ("L01/bad/SegmentationClass/scene_0.png", 2),
    "black-palette.png": ("L03/bad/SegmentationClass/scene_0.png", 3),
}
# How often a pixel is repeated, and the white columns between two looks.
ENLARGED, BETWEEN = 6, 12


def page(text: str) -> str:
    """The guide with its table made anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}{table()}{END}{tail}"


def table() -> str:
    """A row for every rule, along the chain."""
    lines = ["\n| link | | cause | level |\n|---|---|---|---|\n"]
    lines += [
        f"| {link.label} | [{rule.id}](causes.md#{rule.id.lower()}) | {_plain(rule.title)} "
        f"| {rule.level.label} |\n"
        for link, rule in _along_the_chain()
    ]
    return "".join([*lines, "\n"])


def causes() -> str:
    """The manual of the rules, as ``segdata rules`` prints it."""
    parts = [
        "# All causes\n\nEvery rule of the doctor, along the chain. `segdata rules ID` prints one "
        "page. Made by docs/make_black_predictions.py.\n"
    ]
    before = None
    for link, rule in _along_the_chain():
        if link is not before:
            parts.append(f"\n## {link.label.capitalize()}\n")
            before = link
        title, *blocks = rule.page.split("\n\n")
        parts.append(f"\n### {rule.id}\n\n**{_plain(title)}** ({rule.level.label})\n")
        parts += [f"\n{_paragraph(_plain(block))}\n" for block in blocks]
    return "".join(parts)


def pictures() -> dict[str, Pixels]:
    """By file name: a label in a viewer, and as its trainer reads it."""
    out = {}
    for name, (file, num_classes) in LABELS.items():
        meaning = Meaning(ClassMap((), 255), num_classes, 255)
        exhibit = label_exhibit(Place(str(SAMPLES / file)), meaning)
        assert exhibit is not None
        first, last = exhibit.views[0].pixels, exhibit.views[-1].pixels
        white = np.full((len(first) * ENLARGED, BETWEEN, 3), 255, np.uint8)
        out[name] = np.hstack([_enlarged(first), white, _enlarged(last)])
    return out


def _along_the_chain() -> Iterator[tuple[Link, Rule]]:
    for link in Link:
        yield from ((link, rule) for rule in all_rules() if link_of(rule.id) is link)


def _enlarged(pixels: Pixels) -> Pixels:
    return pixels.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)


def _paragraph(block: str) -> str:
    """One line; what is indented, such as commands, stays as it is."""
    lines = block.splitlines()
    return block if any(line.startswith(" ") for line in lines) else " ".join(lines)


def _plain(text: str) -> str:
    """Text that Markdown takes for no tag and for no column."""
    return text.replace("<", "&lt;").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    CAUSES.write_text(causes(), "utf-8")
    for name, pixels in pictures().items():
        (DOCS / "images" / name).write_bytes(encode_photo(pixels))
