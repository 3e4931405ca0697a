"""The doctor's report in a real browser: whole at every width, light and dark, nothing fetched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_report_in_browser import browser, look_at, until

from segdata.dataset import load_dataset
from segdata.evidence import LogFacts, Series
from segdata.images import encode_label
from segdata.reports import write_diagnosis
from segdata.workflows import DoctorRequest, diagnose

__all__ = ["browser"]
pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def page_file(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A palette's labels, predictions of one class, and a loss that stays where it is."""
    root = tmp_path_factory.mktemp("diagnosis")
    data = samples / "broken" / "L03" / "bad"
    predictions = root / ("predictions " * 8)
    predictions.mkdir()
    for name in load_dataset(data).label_files:
        (predictions / f"{name}.png").write_bytes(encode_label(np.zeros((48, 48), np.uint8)))
    found = diagnose(DoctorRequest(paths=(str(data),), predictions=predictions))
    log = LogFacts(
        where="log", kind="text", loss=Series(tuple((i, 1.1 - i / 1e3) for i in range(300)))
    )
    exhibits = replace(found.exhibits, facts=replace(found.exhibits.facts, log=log))
    path = root / "report.html"
    write_diagnosis(replace(found, exhibits=exhibits), path)
    return path


def test_nothing_is_fetched_cut_off_or_overlapping(browser: Any, page_file: Path) -> None:
    look_at(browser, page_file)


def test_the_chain_is_drawn_once_at_every_width(browser: Any, page_file: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(page_file.as_uri())
    for width, name in ((1280, "wide"), (390, "narrow")):
        page.set_viewport_size({"width": width, "height": 900})
        (chain,) = page.locator("svg.chain:visible").all()
        assert name in str(chain.get_attribute("class"))
        assert chain.locator(".broken text").first.text_content() == "labels"
    page.close()


def test_the_fix_is_copied_and_a_picture_is_enlarged(browser: Any, page_file: Path) -> None:
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.locator("#fix .copy").first.click()
    until(page, "() => document.querySelector('#fix .copy').textContent !== 'Copy'")
    page.locator("#seen .zoom").last.click()
    dialog = page.locator("dialog")
    assert dialog.is_visible()
    assert "as TensorFlow and OpenCV read it" in dialog.locator("p").inner_text()
    data = page.locator("#report-data").inner_text()
    assert json.loads(data)["diagnosis"][0]["rule"] == "L03"
    page.close()
