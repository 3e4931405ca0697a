"""The page of a comparison in a real browser: nothing overlaps, nothing is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_report_in_browser import CUT_OFF, NAMES, OVERLAPPING, STICKING_OUT

from segdata.classes import ClassMap, SegClass
from segdata.evaluation import Measures, TwoPredictions, score_both
from segdata.reports.comparison_files import write_comparison
from segdata.scores import Bootstrap, Compared, Comparison

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the page is not tested in a browser")
    with playwright.sync_playwright() as session:
        chromium = session.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=[2, 21, 150])
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    classes: int = request.param
    rng = np.random.default_rng(classes)
    names = [*NAMES, *(f"class {i}" for i in range(classes))][:classes]
    table = ClassMap(tuple(SegClass(i, name) for i, name in enumerate(names)), 255)

    def item(number: int) -> TwoPredictions:
        truth = np.repeat(rng.integers(0, classes, (48, 8)), 8, axis=1).astype(np.uint8)
        guess = rng.integers(0, classes + 1, truth.shape).astype(np.uint8)
        a, b = (np.where(rng.random(truth.shape) < p, guess, truth) for p in (0.4, 0.35))
        truth[:4] = 255
        photo = rng.integers(0, 256, (48, 64, 3), np.uint8)
        return TwoPredictions(f"folder/{'long' * number} {number}", truth, a, b, photo)

    both = score_both(map(item, range(14)), Measures(classes, 255, "cityscapes", boundary=True))
    found = Comparison(
        class_map=table,
        a=Compared("runs/" + "a" * 80, {"data": "streets, digest 0123456789abcdef"}),
        b=Compared("runs/b", {"command": "segdata " * 40}, ("one", "two")),
        scores=both.scores,
        gains=both.gains,
        losses=both.losses,
        bootstrap=Bootstrap(300),
    )
    path = tmp_path_factory.mktemp("comparison") / "comparison.html"
    write_comparison(found, path)
    return path


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_the_page_fits_and_sorts_and_asks_for_nothing(
    browser: Any, page_file: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request", lambda r: wrong.append(r.url) if not r.url.startswith(("file", "data")) else 0
    )
    page.goto(page_file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(STICKING_OUT) == []
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(OVERLAPPING) == []
    table = page.locator("#classes table")
    for column in range(table.locator("thead th").count()):
        table.locator("thead th").nth(column).locator("button").click()
    values = [
        float(cell.get_attribute("data-value"))
        for cell in table.locator("tbody tr td:nth-child(4)").all()
    ]
    assert len(values) > 1
    table.locator("thead th").nth(3).locator("button").click()
    cells = table.locator("tbody tr td:nth-child(4)").all()
    ordered = [float(cell.get_attribute("data-value")) for cell in cells]
    assert ordered == sorted(v for v in values if v == v)
    page.locator("#images .zoom").first.click()
    assert page.locator("dialog[open]").count() == 1
    assert wrong == []
    context.close()
