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
from segdata.findings import Certainty, Finding, Level
from segdata.images import encode_label, encode_photo
from segdata.reports import Context, TrainingCourse, charts, write_report
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


# Boxes that hide what they have no room for; names that are cut say so with an ellipsis.
CLIPPED = """() => [...document.querySelectorAll("main *, header *")].filter((e) =>
  e.scrollWidth > e.clientWidth + 1 && e.clientWidth && !e.matches(".scroll, .name, .skip")
    && getComputedStyle(e).overflowX !== "visible" && getComputedStyle(e).display !== "inline"
).map((e) => e.outerHTML.slice(0, 80))"""
# Numbers that are broken into two lines.
BROKEN = """() => [...document.querySelectorAll(".big, b, .number")].filter((e) => {
  const range = document.createRange();
  range.selectNodeContents(e);
  const lines = [...range.getClientRects()].map((box) => box.bottom);
  return !/[^\\d.,–%\\u00a0]/.test(e.textContent) && Math.max(...lines) > Math.min(...lines) + 9;
}).map((e) => e.outerHTML)"""
# What reaches over the edge of the paper, also out of frames that scroll on a screen.
CUT_BY_PAPER = """() => [...document.querySelectorAll("main :is(table, svg, img)")].filter((e) =>
  e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map((e) => e.outerHTML.slice(0, 80))"""
# Texts with less contrast to the paper than WCAG 2.2 asks of text.
PALE = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const texts = "h1, h2, h3, p, dd, dt, li, td, th, a, summary, label, .badge";
  return [...document.querySelectorAll(texts)].filter((e) => {
    const ink = light(getComputedStyle(e).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
  }).map((e) => e.outerHTML.slice(0, 80));
}"""


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
    """A report that shows everything there is."""
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
        sure = rng.random(truth.shape, dtype=np.float32)
        return EvalItem(f"folder/{'long' * number} {number}", truth, prediction, photo, sure)

    options = EvalOptions(
        boundary=True,
        objects=True,
        maps={"majority map of the labels that it was trained on": np.zeros((2, 2), np.uint8)},
        groups=lambda keys: [f"scene {len(key) % 3} {'name' * 12}" for key in keys],
        provenance={"data": "streets, digest 0123456789abcdef", "command": "segdata " * 40},
    )
    finding = Finding(
        rule="P09", level=Level.WARNING, certainty=Certainty.PROOF,
        message=f"train has no pixel of {NAMES[0]}", path="lists/" + "long" * 30,
        evidence={"classes": [f"{NAMES[0]} (0)"]}, fix="segdata split data out",
    )  # fmt: skip
    steps = range(1, 400)
    training = TrainingCourse(
        [(i, 3 / i) for i in steps], [(i, 0.01 / i) for i in steps], [(i, i / 500) for i in (1, 99)]
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    report = evaluate(map(item, range(20)), table, options)
    write_report(report, path, Context([finding], "Of 20 pairs.", training))
    return path


@pytest.fixture(scope="module")
def opened(browser: Any, page_file: Path) -> Iterator[Any]:
    """The report, loaded once; every test leaves it as it was."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri())
    page.locator("#gallery-worst canvas").first.scroll_into_view_if_needed()
    page.wait_for_selector("canvas[data-painted]", state="attached")
    yield page
    page.close()


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


def test_pages_of_data_are_whole_at_every_width(browser: Any, data_page: Path) -> None:
    look_at(browser, data_page)


def test_a_fix_is_copied_or_selected(browser: Any, data_page: Path) -> None:
    page = browser.new_page()
    page.goto(data_page.as_uri())
    if page.locator(".copy").count():
        page.locator(".copy").first.click()
        until(page, "() => document.querySelector('.copy').textContent !== 'Copy'")
    page.close()


def test_nothing_is_fetched_cut_off_or_overlapping(browser: Any, page_file: Path) -> None:
    look_at(browser, page_file)


def until(page: Any, script: str, value: Any = None) -> None:
    """Wait until a function of the page is true; Playwright's own waiting needs ``eval``."""
    # Pictures are painted when the page has time, which on a busy machine may be late.
    for _ in range(1000):
        if page.evaluate(script, value):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never true: {script}")


def look_at(browser: Any, path: Path) -> None:
    """Load a page once and look at it at every width, light and dark."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    fetched: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for fault in (STICKING_OUT, CLIPPED, BROKEN, CUT_OFF, OVERLAPPING):
                # Colors move nothing: what is laid out is looked at once.
                assert scheme == "dark" or page.evaluate(fault) == [], (width, fault[:80])
            assert page.evaluate(PALE) == [], (width, scheme)
    for kind in (
        "[data-heat-choices] input[value=prediction]",
        "[data-heat-choices] input[value=pixels]",
    ):
        if page.locator(kind).count():
            page.locator(kind).check()
            assert page.evaluate(CUT_OFF) == page.evaluate(OVERLAPPING) == []
    assert [u for u in fetched if not u.startswith(("file:", "data:"))] == []
    assert complaints == []
    page.close()


def test_the_table_sorts_with_the_keyboard_and_says_so(opened: Any) -> None:
    button = opened.locator("#classes .sort").nth(1)
    values = (
        "() => [...document.querySelectorAll('#classes tbody tr')]"
        ".map((row) => Number(row.cells[1].dataset.value)).filter((v) => !isNaN(v))"
    )
    button.focus()
    for order, sign in (("ascending", 1), ("descending", -1)):
        opened.keyboard.press("Enter")
        scores = [sign * score for score in opened.evaluate(values)]
        assert scores == sorted(scores)
        assert opened.locator("#classes th").nth(1).get_attribute("aria-sort") == order
    opened.locator("#classes .sort").first.click()


def test_classes_are_found_by_name_where_they_are_many(opened: Any) -> None:
    rows = opened.locator("#class-scores tbody tr")
    many = rows.count() > charts.MANY
    box = opened.locator("[data-filter]")
    assert box.count() == many
    if many:
        box.fill("STRAß")
        assert opened.locator("#class-scores tbody tr:visible").count() == 1
        assert opened.locator("[data-filter-told]").inner_text() == f"1 of {rows.count()}"
        box.fill("")
        assert opened.locator("#class-scores tbody tr:visible").count() == rows.count()


def test_a_class_and_what_is_known_of_it_link_to_each_other(opened: Any) -> None:
    badge = opened.locator("#class-0 a.badge")
    assert badge.inner_text() == "P09"
    target = opened.locator(str(badge.get_attribute("href")))
    assert "has no pixel of" in target.inner_text()
    assert target.locator("a").get_attribute("href") == "#class-0"


def test_the_matrix_changes_what_it_shows_and_is_read_with_the_keyboard(opened: Any) -> None:
    strength = (
        "() => [...document.querySelectorAll('.heat g rect')]"
        ".map((r) => r.getAttribute('fill-opacity'))"
    )
    rows = opened.evaluate(strength)
    opened.locator("[data-heat-choices] input[value=prediction]").check()
    columns = opened.evaluate(strength)
    assert rows != columns
    opened.locator("[data-heat-choices] input[value=pixels]").check()
    assert opened.evaluate(strength) not in (rows, columns)
    assert "fullest cell" in opened.locator("[data-heat-scale]").inner_text()
    opened.locator("[data-heat-choices] input[value=truth]").check()
    assert opened.evaluate(strength) == rows
    opened.locator("[data-heat-region]").focus()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    said = opened.locator("[data-heat-readout]").inner_text()
    count = opened.evaluate(
        "JSON.parse(document.getElementById('report-data').textContent).confusion[0][1]"
    )
    assert said.startswith(f"{NAMES[0]} predicted as {NAMES[1]}: {count:,} pixels, ")


def test_tabs_are_turned_with_arrow_keys(opened: Any) -> None:
    tabs = opened.locator("[role=tab]")
    assert tabs.all_inner_texts() == ["Worst", "Best", "Random"]
    tabs.first.focus()
    for place in (1, 2, 0):
        opened.keyboard.press("ArrowRight")
        chosen = opened.locator("[role=tab][aria-selected=true]")
        assert chosen.get_attribute("id") == tabs.nth(place).get_attribute("id")
        (shown,) = opened.locator("[role=tabpanel]:visible").all()
        assert shown.get_attribute("id") == chosen.get_attribute("aria-controls")


def test_the_slider_fades_the_colors_over_the_photo(opened: Any) -> None:
    picture = opened.locator("#gallery-worst .panels").first.locator("figure .layers").nth(1)
    slider = opened.locator("[data-viewer-controls] [data-opacity]")
    shots = []
    for percent in ("0", "50", "100"):
        slider.fill(percent)
        assert opened.locator("[data-opacity-told]").inner_text() == f"{percent} %"
        shots.append(picture.screenshot())
    assert len(set(shots)) == 3
    slider.fill("75")


PAINTED = """(color) => {
  const canvas = document.querySelector("#gallery-worst canvas[data-palette=classes]");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let i = 0; i < data.length; i += 4)
    painted += data[i + 3] === 255 && [0, 1, 2].every((k) => data[i + k] === color[k]);
  return painted;
}"""


def test_pictures_below_the_screen_are_painted_too(browser: Any, page_file: Path) -> None:
    """A screenshot of the whole page shows them, although nobody has scrolled."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri())
    until(page, "() => !document.querySelector('canvas[data-ids]:not([data-painted])')")
    assert page.evaluate("scrollY") == 0
    assert page.locator("canvas[data-painted]").count() > 0
    page.close()


def test_a_class_that_is_switched_off_is_not_painted(opened: Any) -> None:
    # A mouse that rests where the list of classes opens would make one of them stand out.
    opened.mouse.move(0, 0)
    box = opened.locator("details[data-palette=classes]")
    box.evaluate("(details) => { details.open = true; }")
    # The class of the first pixel that counts in the first picture.
    opened.locator("#gallery-worst .zoom").nth(1).focus()
    for key in ("ArrowRight", "ArrowRight"):
        opened.keyboard.press(key)
    readout = opened.locator("#gallery-worst .readout").first
    until(
        opened,
        "() => document.querySelector('#gallery-worst .readout').textContent.startsWith('truth')",
    )
    name = readout.inner_text().removeprefix("truth: ").split(" · ")[0]
    toggle = box.locator("label", has_text=name).filter(has=opened.locator(f'[data-name="{name}"]'))
    entry = toggle.locator("input")
    color = [int(str(entry.get_attribute("data-color"))[i : i + 2], 16) for i in (1, 3, 5)]
    until(opened, f"(color) => ({PAINTED})(color) > 0", color)
    entry.uncheck()
    opened.mouse.move(0, 0)
    opened.locator("#gallery-worst .zoom").first.focus()
    until(opened, f"(color) => ({PAINTED})(color) === 0", color)
    assert "shown" in box.locator("[data-palette-told]").inner_text()
    box.locator("[data-all]").click()
    until(opened, f"(color) => ({PAINTED})(color) > 0", color)
    box.locator("[data-none]").click()
    assert box.locator("input:checked").count() == 0
    box.locator("[data-all]").click()


def test_a_picture_opens_large_and_closes_again(opened: Any) -> None:
    opened.locator(".zoom").nth(1).focus()
    opened.keyboard.press("Enter")
    dialog = opened.locator("dialog")
    assert dialog.is_visible()
    assert "truth of folder/" in dialog.locator("p").inner_text()
    opened.wait_for_selector("dialog canvas")
    picture, canvas = dialog.locator("img").bounding_box(), dialog.locator("canvas").bounding_box()
    assert all(abs(picture[side] - canvas[side]) < 2 for side in picture)
    before = dialog.locator(".stage").screenshot()
    dialog.locator("[data-opacity]").fill("10")
    assert dialog.locator(".stage").screenshot() != before
    opened.set_viewport_size({"width": 390, "height": 800})
    picture, canvas = dialog.locator("img").bounding_box(), dialog.locator("canvas").bounding_box()
    assert all(abs(picture[side] - canvas[side]) < 2 for side in picture)
    opened.set_viewport_size({"width": 1280, "height": 900})
    dialog.locator("[data-opacity]").fill("75")
    opened.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_paper_shows_drawn_pictures_of_all_examples_and_no_controls(opened: Any) -> None:
    opened.emulate_media(media="print")
    # A4 without its margins.
    opened.set_viewport_size({"width": 718, "height": 1000})
    assert opened.evaluate(CUT_BY_PAPER) == []
    assert opened.locator("[role=tabpanel]:visible").count() == 3
    assert opened.locator("img.drawn:visible").count() == opened.locator("img.drawn").count() > 0
    assert opened.locator(".needs-script:visible, canvas:visible, nav:visible").count() == 0
    opened.emulate_media(media="screen")
    opened.set_viewport_size({"width": 1280, "height": 900})


def test_without_scripts_everything_is_shown_and_nothing_is_dead(
    browser: Any, page_file: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("img.drawn:visible").count() == page.locator("img.drawn").count() > 0
    assert page.locator(".needs-script:visible, canvas:visible").count() == 0
    assert page.locator(".gallery:visible").count() == 3
    assert page.locator("#class-scores tbody tr:visible").count() > 1
    context.close()
