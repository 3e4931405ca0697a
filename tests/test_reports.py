"""The report is one file that opens anywhere, says what its numbers mean, and escapes names."""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scored_reports import VOID, scored

from segdata.classes import ClassMap, SegClass
from segdata.drawing import error_kinds
from segdata.errors import UserError
from segdata.evaluation import EvalItem, EvalOptions, evaluate
from segdata.findings import Certainty, Finding, Level
from segdata.images import read_label
from segdata.miou_rules import MIOU_RULES
from segdata.reports import Context, charts, check_suffix, headlines, render, wording, write_report
from segdata.reports.class_findings import linked
from segdata.reports.tables import markdown
from segdata.reports.viewer import Exhibit, Gallery, Layer, packed, within
from segdata.scores import EvalReport, Pairing

NASTY = "</script><b>\"Straße\" & '人行道'"


class Page(HTMLParser):
    """What a browser would make of the page: elements, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.stray: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "img", "br", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.stray.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"script", "style"}:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def embedded(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="report-data">(.*?)</script>', text)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


@pytest.mark.parametrize("classes", [2, 11, 21, 150])
def test_the_page_refers_to_nothing_outside_itself(classes: int) -> None:
    text = render(scored(classes))
    assert not re.search(r"https?://|//[a-z]+\.[a-z]+/|@import|url\((?!['\"]?data:)", text)
    for _, attrs in Page(text).elements:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            address = attrs.get(name)
            assert address is None or address.startswith(("data:", "#")), address
    assert "default-src 'none'" in text


@pytest.mark.parametrize("classes", [2, 11, 21, 150])
def test_every_element_is_closed_and_every_image_described(classes: int) -> None:
    page = Page(render(scored(classes)))
    assert page.open == page.stray == []
    assert all(image.get("alt") for image in page.all("img") if image.get("src"))
    assert all(svg.get("aria-label") for svg in page.all("svg"))
    assert {"h1", "main", "nav", "table", "dialog"} <= {tag for tag, _ in page.elements}


def test_names_from_files_are_text_and_never_markup() -> None:
    report = scored(3, names=[NASTY, "plain", "x" * 300], provenance={NASTY: NASTY})
    finding = Finding(
        rule="L01", level=Level.ERROR, certainty=Certainty.PROOF, message=NASTY, path=NASTY,
        fix=NASTY,
    )  # fmt: skip
    text = render(report, Context(findings=[finding]))
    page = Page(text)
    assert page.open == page.stray == []
    assert '<b>"Str' not in text
    assert NASTY in "".join(page.text)
    data = embedded(text)
    assert data["confusion_columns"][0] == NASTY  # type: ignore[index]


def test_the_numbers_inside_are_those_of_the_json_report(tmp_path: Path) -> None:
    report = scored()
    write_report(report, tmp_path / "r.html")
    write_report(report, tmp_path / "r.json")
    inside = embedded((tmp_path / "r.html").read_text("utf-8"))
    assert inside == report.to_json() | {"findings": []}
    written = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert written == report.to_json(cells=True) | {"findings": []}


def test_the_headline_stands_beside_its_rule_and_the_baselines() -> None:
    report = scored(maps={"majority map of train": np.zeros((24, 32), np.uint8)})
    text = " ".join("".join(Page(render(report)).text).split())
    assert f"Mean IoU, cityscapes rule {report.miou:.3f}" in text
    assert "best constant class" in text
    assert "majority map of train" in text
    assert f"{report.baselines[0].miou:.3f}" in text


@pytest.mark.parametrize("rule", MIOU_RULES)
def test_every_rule_is_explained(rule: str) -> None:
    text = wording.rule_text(rule)
    assert MIOU_RULES[rule].source in text
    assert rule in render(scored(rule=rule))


def test_a_score_below_a_baseline_is_called_what_it_is() -> None:
    truth = np.zeros((8, 8), np.uint8)
    table = ClassMap((SegClass(0, "a"), SegClass(1, "b")))
    bad = evaluate([EvalItem("x", truth, np.ones_like(truth))], table)
    assert "no better than a predictor that never looks" in wording.verdict(bad)
    good = evaluate([EvalItem("x", truth, truth)], table)
    assert "no better" in wording.verdict(good), "a truth of one class is met by a constant"


def test_a_score_against_one_of_nothing_is_not_thousands_of_times_as_good() -> None:
    truth = np.arange(200, dtype=np.uint8).reshape(10, 20)
    table = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(200)), VOID)
    said = wording.verdict(evaluate([EvalItem("x", truth, truth)], table))
    assert "This is more than 100 times what a predictor reaches" in said


def test_a_baseline_without_a_score_is_no_measure() -> None:
    """Under VOC's rule one class everywhere has none where another one is absent."""
    table = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(3)), None)
    truth = np.repeat(np.array([0, 1], np.uint8), 50)[None]
    prediction = truth.copy()
    prediction[0, :3] = 2
    report = evaluate([EvalItem("x", truth, prediction)], table, EvalOptions(rule="voc"))
    assert report.miou > 0.6
    assert math.isnan(report.baselines[0].miou)
    assert wording.verdict(report) == ""


def test_what_a_reader_must_mind_is_said() -> None:
    truth = np.array([[0, 1, 1, VOID]], np.uint8)
    table = ClassMap((SegClass(0, "a"), SegClass(1, "pole"), SegClass(2, "moon")), VOID)
    items = [
        EvalItem("x", truth, np.array([[0, 0, 99, 0]], np.uint8)),
        EvalItem("v", np.full((2, 2), VOID, np.uint8), np.zeros((2, 2), np.uint8)),
    ]
    report = evaluate(items, table)
    said = " ".join(wording.warnings(report))
    assert "Never predicted, so their IoU is 0: pole." in said
    assert "Not in the truth of these images: moon." in said
    assert "1 pixels were predicted as no class" in said
    assert "1 image(s) have no pixel to score" in said
    many = tuple(f"i{n}" for n in range(40))
    lonely = EvalReport(
        class_map=table, matrix=report.matrix, rule="cityscapes", images=report.images,
        pairing=Pairing(2, missing=many, extra=("other",)),
    )  # fmt: skip
    said = " ".join(wording.warnings(lonely))
    assert "40 label(s) have no prediction and were not scored: i0, i1" in said
    assert "and 28 more" in said
    assert "1 prediction(s) have no label: other." in said


def test_a_report_without_a_single_scored_pixel_is_still_a_page() -> None:
    void = np.full((4, 4), VOID, np.uint8)
    report = evaluate([EvalItem("v", void, void)], ClassMap((SegClass(0, "a"),), VOID))
    page = Page(render(report))
    assert "No pixel could be scored" in "".join(page.text)
    assert set(map(math.isnan, report.rules.values())) == {True}
    assert "## mIoU –" in markdown(report)
    assert "| frequency-weighted IoU |" in markdown(report)
    assert page.open == page.stray == []


def test_an_undefined_mean_is_a_dash_and_null(tmp_path: Path) -> None:
    truth = np.zeros((4, 4), np.uint8)
    table = ClassMap((SegClass(0, "a"), SegClass(1, "b")))
    report = evaluate([EvalItem("x", truth, truth)], table, EvalOptions(rule="voc"))
    write_report(report, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["miou"] is None
    assert '<p class="big">–</p>' in render(report)


def test_rare_classes_are_marked() -> None:
    truth = np.zeros((50, 50), np.uint8)
    truth[0, :3] = 1
    table = ClassMap((SegClass(0, "a"), SegClass(1, "pole")))
    text = render(evaluate([EvalItem("x", truth, truth)], table))
    row = text[text.index('title="pole"') :]
    assert '<span class="badge">rare</span>' in row[: row.index("</tr>")]


def test_examples_show_photo_truth_prediction_and_errors() -> None:
    report = scored(3, 4)
    page = Page(render(report))
    captions = [image["alt"] for image in page.all("img") if image.get("src")]
    for name in ("photo", "truth", "prediction", "errors"):
        assert sum(c is not None and c.startswith(f"{name} of image") for c in captions) == 4


def test_pictures_inside_the_page_are_the_labels_themselves() -> None:
    report = scored(3, 2)
    sources = [i["src"] for i in Page(render(report)).all("img") if "truth" in (i["alt"] or "")]
    assert sources[0] is not None
    data = base64.b64decode(sources[0].partition("base64,")[2])
    assert np.array_equal(read_label(data), report.worst[0].truth)


def test_the_ids_inside_are_those_of_the_pictures() -> None:
    report = scored(3, 2)
    canvases = Page(render(report)).all("canvas")
    assert [c["data-caption"] for c in canvases] == ["truth", "prediction", "errors"] * 2
    example = report.worst[0]
    kinds = error_kinds(example.truth, example.prediction, report.class_map)
    for canvas, ids in zip(canvases, (example.truth, example.prediction, kinds), strict=False):
        data = zlib.decompress(base64.b64decode(canvas["data-ids"] or ""))
        assert data == ids.tobytes()
        assert (canvas["width"], canvas["height"]) == (str(ids.shape[1]), str(ids.shape[0]))


def test_wide_ids_are_packed_little_end_first() -> None:
    data = zlib.decompress(base64.b64decode(packed(np.array([[1, 300]], ">u2"))))
    assert data == bytes([1, 0, 300 % 256, 300 // 256])


def test_more_classes_than_8_bits_hold_are_wide_pictures() -> None:
    truth = np.array([[0, 300], [300, 300]], np.uint16)
    table = ClassMap((SegClass(0, "a"), SegClass(300, "far")))
    page = Page(render(evaluate([EvalItem("x", truth, truth)], table)))
    wide = ["data-wide" in canvas for canvas in page.all("canvas")]
    assert wide == [True, True, False]
    assert any(i.get("data-name") == "far" and i["value"] == "300" for i in page.all("input"))


def test_every_value_of_the_pictures_can_be_switched_off() -> None:
    report = scored(3, 2)
    inputs = [i for i in Page(render(report)).all("input") if i["type"] == "checkbox"]
    values = {int(i["value"] or "") for i in inputs if i["data-name"] in ("void", "class 0")}
    assert {VOID, 0} <= values


def test_pictures_that_have_no_room_are_left_out_and_it_is_said() -> None:
    layer = Layer("photo", "x" * 100, False)
    full = [Gallery(n, n, (Exhibit("key", "", 1, 1, (layer,)),) * 5) for n in ("worst", "best")]
    kept = list(within(full, 600))
    assert [(len(g.exhibits), g.left_out) for g in kept] == [(3, 2), (3, 2)]
    assert [g.left_out for g in within(full)] == [0, 0]


def test_every_headline_stands_beside_what_constants_score() -> None:
    report = scored(maps={"majority map": np.zeros((24, 32), np.uint8)})
    lines = headlines.headlines(report)
    assert [line.name for line in lines] == [
        "Pixel accuracy", "Mean accuracy", "Frequency-weighted IoU",
    ]  # fmt: skip
    assert lines[0].baselines == tuple((b.name, b.pixel_accuracy) for b in report.baselines)
    assert lines[1].baselines == tuple((b.name, b.mean_accuracy) for b in report.baselines)
    assert report.intervals is not None
    assert lines[0].interval == headlines.reach(report.intervals.pixel_accuracy)
    assert f"<b>{headlines.reach(report.intervals.miou)}</b> in 95" in render(report)


def test_a_rule_without_a_score_says_which_class_is_to_blame() -> None:
    truth = np.zeros((4, 4), np.uint8)
    table = ClassMap((SegClass(0, "a"), SegClass(1, "ghost")))
    report = evaluate([EvalItem("x", truth, truth)], table)
    rows = {row.name: row for row in headlines.rule_rows(report)}
    assert set(rows) == set(MIOU_RULES)
    assert "ghost" in rows["voc"].why
    assert rows["cityscapes"].chosen
    assert rows["segnet"].difference == "\u22120.500"
    assert rows["paddle"].difference == "same"
    section = render(report)
    section = section[section.index('<section id="rules">') :]
    assert "undefined: neither in the truth nor predicted: ghost" in section


def test_findings_and_the_classes_they_concern_link_to_each_other() -> None:
    def finding(evidence: dict[str, object], rule: str = "P09") -> Finding:
        return Finding(
            rule=rule, level=Level.WARNING, certainty=Certainty.PROOF, message="m",
            evidence=evidence,
        )  # fmt: skip

    report = scored(3, names=["sky", "pole", "car"])
    found = linked(
        [
            finding({"classes": ["pole (1)", "class 2"]}),
            finding({"kinds": {"sky in pole": 3}}),
            finding({"unseen": [2]}),
            # What a label holds is not what is wrong with it.
            finding({"values": {"0": 9}, "ignore_label": 1, "files": 2}),
        ],
        report.per_class,
    )
    assert [[name for _, name in one.classes] for one in found] == [
        ["pole", "car"], ["sky"], ["car"], [],
    ]  # fmt: skip
    text = render(report, Context([finding({"classes": ["pole (1)"]})]))
    row = text[text.index('id="class-1"') :]
    assert 'href="#finding-1"' in row[: row.index("</tr>")]
    assert '<a href="#class-1">pole</a>' in text


def test_findings_are_shown_worst_first_with_their_fix() -> None:
    def finding(level: Level, rule: str) -> Finding:
        return Finding(
            rule=rule, level=level, certainty=Certainty.PROOF, message=f"about {rule}",
            fix=f"segdata mend {rule}",
        )  # fmt: skip

    text = render(
        scored(), Context(findings=[finding(Level.INFO, "D03"), finding(Level.ERROR, "L01")])
    )
    section = text[text.index('<section id="findings">') : text.index('<section id="provenance">')]
    assert section.index("L01") < section.index("D03")
    assert "segdata mend L01" in section
    assert 'id="findings"' not in render(scored())


def test_a_report_of_many_images_stays_small_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    report = scored(19, 1500)
    write_report(report, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text("utf-8")
    assert len(text) < 15_000_000
    assert "1,300 better images are not listed here" in text
    assert len(embedded(text)["images"]) == 1500  # type: ignore[arg-type]


def test_other_suffixes_are_refused_and_the_right_ones_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"r\.pdf") as caught:
        check_suffix(tmp_path / "r.pdf")
    assert ".html" in caught.value.remedy
    assert ".json" in caught.value.remedy
    with pytest.raises(UserError):
        write_report(scored(), tmp_path / "report")
    assert not list(tmp_path.iterdir())
    check_suffix(tmp_path / "R.HTML")


@pytest.mark.parametrize("classes", [2, 11, 12, 13, 21, 30, 31, 150])
def test_labels_and_cells_of_the_heat_map_lie_inside_it(classes: int) -> None:
    report = scored(classes, names=[f"{NASTY} {i} " + "w" * i for i in range(classes)])
    heat = charts.heat_map(report)
    for cell in heat.cells:
        assert heat.left <= cell.x <= heat.width - heat.cell
        assert heat.top <= cell.y <= heat.height - heat.cell
    for label in (*heat.rows, *heat.columns):
        assert charts._width(label.short, heat.font) <= heat.left - 8
    places = [row.at for row in heat.rows]
    assert min(np.diff(places)) >= heat.font


def test_rows_of_the_heat_map_add_up_to_one() -> None:
    report = scored(5)
    heat = charts.heat_map(report)
    for name in {cell.truth for cell in heat.cells}:
        assert sum(c.share for c in heat.cells if c.truth == name) == pytest.approx(1.0)
    assert sum(c.count for c in heat.cells) == report.pixels
    assert heat.hidden == 0


def test_the_column_of_no_class_is_there_only_if_it_is_needed() -> None:
    truth = np.zeros((2, 2), np.uint8)
    table = ClassMap((SegClass(0, "a"), SegClass(1, "b")))
    clean = charts.heat_map(evaluate([EvalItem("x", truth, truth)], table))
    assert [c.name for c in clean.columns] == ["a", "b"]
    stray = charts.heat_map(evaluate([EvalItem("x", truth, truth + np.uint8(7))], table))
    assert [c.name for c in stray.columns] == ["a", "b", "no class"]


def test_bars_are_as_long_as_their_scores() -> None:
    report = scored(maps={"zero": np.zeros((2, 2), np.uint8)})
    chart = charts.comparison(report)
    for bar, score in zip(
        chart.bars, [report.miou, *(b.miou for b in report.baselines)], strict=True
    ):
        assert bar.width == pytest.approx(chart.width * score)
        assert bar.y + chart.bar_height <= chart.height


def test_the_histogram_counts_every_scored_image_once() -> None:
    chart = charts.distribution([0.0, 0.05, 0.999, 1.0, float("nan")])
    assert [b.count for b in chart.bins] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert all(b.y >= 0 and b.y + b.height <= chart.base + 1e-9 for b in chart.bins)
