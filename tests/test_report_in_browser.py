"""The report in a real browser: nothing overlaps, nothing is fetched, everything can be used."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdata.classes import ClassMap, SegClass
from segdata.dataset import DatasetDescriptor, save_descriptor
from segdata.evaluation import EvalItem, EvalOptions, evaluate
from segdata.images import encode_label, encode_photo
from segdata.reports import write_report
from segdata.workflows import CheckRequest, StatisticsRequest, check, measure

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NAMES = ["sky <b>", "a class with quite a long name that must not run over", "Straße", "人行道"]

# Elements that stick out of the window although they are not in a frame of their own that scrolls.
STICKING_OUT = """() => [...document.querySelectorAll("body *")].filter((e) => {
  const box = e.getBoundingClientRect();
  return box.width && box.right > document.documentElement.clientWidth + 1
    && !e.closest(".scroll") && !e.closest("dialog");
}).map((e) => e.outerHTML.slice(0, 80))"""
# Texts of a drawing that are cut off at its edge, or that lie over each other.
CUT_OFF = """() => [...document.querySelectorAll("svg text")].filter((text) => {
  const box = text.getBoundingClientRect(), sheet = text.closest("svg").getBoundingClientRect();
  return box.left < sheet.left - 1 || box.right > sheet.right + 1
    || box.top < sheet.top - 1 || box.bottom > sheet.bottom + 1;
}).map((t) => t.textContent)"""
OVERLAPPING = """() => [...document.querySelectorAll("svg")].flatMap((svg) => {
  const texts = [...svg.querySelectorAll("text")];
  const boxes = texts.map((t) => [t.textContent, t.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) =>
    p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 3 && q.top < p.bottom - 3
  ).map(([b]) => `${a} / ${b}`));
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the report is not tested in a browser")
    with playwright.sync_playwright() as session:
        chromium = session.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=[2, 11, 21, 150])
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    classes: int = request.param
    rng = np.random.default_rng(classes)
    names = [*NAMES, *(f"class {i}" for i in range(classes))][:classes]
    table = ClassMap(tuple(SegClass(i, name) for i, name in enumerate(names)), 255)

    def item(number: int) -> EvalItem:
        truth = np.repeat(rng.integers(0, classes, (48, 8)), 8, axis=1).astype(np.uint8)
        guess = rng.integers(0, classes + 1, truth.shape).astype(np.uint8)
        prediction = np.where(rng.random(truth.shape) < 0.3, guess, truth)
        truth[:4] = 255
        photo = rng.integers(0, 256, (48, 64, 3), np.uint8)
        return EvalItem(f"folder/{'long' * number} {number}", truth, prediction, photo)

    options = EvalOptions(
        maps={"majority map of the labels that it was trained on": np.zeros((2, 2), np.uint8)},
        provenance={"data": "streets, digest 0123456789abcdef", "command": "segdata " * 40},
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(evaluate(map(item, range(14)), table, options), path)
    return path


@pytest.fixture(scope="module", params=["findings", "statistics", "many classes"])
def data_page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a check with findings of many rules, and pages of statistics."""
    root = tmp_path_factory.mktemp("pages") / ("a folder with a long name " * 4)
    many = request.param == "many classes"
    path = root.parent / "page.html"
    write_damaged(root, 150 if many else 4)
    if request.param == "findings":
        check(CheckRequest(dataset=str(root), reports=(path,)))
    else:
        measure(StatisticsRequest(dataset=str(root), reports=(path,)))
    return path


def write_damaged(root: Path, classes: int) -> None:
    """Pairs with stray ids, a text file for a label, and a list with faults."""
    rng = np.random.default_rng(classes)
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    keys = [f"{'name' * number} {number}" for number in range(8)]
    for number, key in enumerate(keys):
        photo = rng.integers(0, 256, (120, 160, 3), np.uint8)
        label = np.repeat(rng.integers(0, classes, (120, 20)), 8, axis=1).astype(np.uint8)
        label[50:54, 60:64] = 200 + number % 3
        (root / "JPEGImages" / f"{key}.jpg").write_bytes(encode_photo(photo, "jpeg"))
        (root / "SegmentationClass" / f"{key}.png").write_bytes(encode_label(label))
    (root / "SegmentationClass" / f"{keys[0]}.png").write_text("no picture")
    for name, chosen in (("train", keys[:5]), ("val", [*keys[5:], "", "not there"])):
        (root / "ImageSets/Segmentation" / f"{name}.txt").write_text("\r\n".join(chosen))
    names = [*NAMES, *(f"class {i}" for i in range(classes))][:classes]
    table = ClassMap(tuple(SegClass(i, name) for i, name in enumerate(names)), 255)
    save_descriptor(root, DatasetDescriptor.for_classes("damaged", table))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_pages_of_data_are_whole_at_every_width(
    browser: Any, data_page: Path, width: int, scheme: str
) -> None:
    look_at(browser, data_page, width, scheme)


def test_a_fix_is_copied_or_selected(browser: Any, data_page: Path) -> None:
    page = browser.new_page()
    page.goto(data_page.as_uri())
    if page.locator(".copy").count():
        page.locator(".copy").first.click()
        page.wait_for_function("document.querySelector('.copy').textContent !== 'Copy'")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_fetched_cut_off_or_overlapping(
    browser: Any, page_file: Path, width: int, scheme: str
) -> None:
    look_at(browser, page_file, width, scheme)


def look_at(browser: Any, path: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    fetched: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    for summary in page.query_selector_all("summary"):
        summary.click()
    assert [u for u in fetched if not u.startswith(("file:", "data:"))] == []
    assert complaints == []
    assert page.evaluate(STICKING_OUT) == []
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(OVERLAPPING) == []
    page.close()


def test_the_table_sorts_with_the_keyboard_and_says_so(browser: Any, page_file: Path) -> None:
    page = browser.new_page()
    page.goto(page_file.as_uri())
    button = page.locator("#classes .sort").nth(1)
    values = (
        "() => [...document.querySelectorAll('#classes tbody tr')]"
        ".map((row) => Number(row.cells[1].dataset.value)).filter((v) => !isNaN(v))"
    )
    button.focus()
    for order, sign in (("ascending", 1), ("descending", -1)):
        page.keyboard.press("Enter")
        scores = [sign * score for score in page.evaluate(values)]
        assert scores == sorted(scores)
        assert page.locator("#classes th").nth(1).get_attribute("aria-sort") == order
    page.close()


def test_a_picture_opens_large_and_closes_again(browser: Any, page_file: Path) -> None:
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.locator(".zoom").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog").is_visible()
    assert "truth of folder/" in page.locator("dialog p").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    page.close()
