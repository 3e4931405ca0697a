"""The doctor's page in a terminal: understood in ten seconds, with and without color."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from segdata import console
from segdata.chain import Link, link_of
from segdata.console.diagnosis import render
from segdata.diagnosis import Diagnosis, Evidence, diagnose
from segdata.findings import Certainty, Finding, Level
from segdata.workflows import DoctorRequest
from segdata.workflows import diagnose as look

EVERYTHING = (Evidence.LABELS, Evidence.PREDICTIONS, Evidence.RUN)


def finding(
    rule: str, level: Level = Level.ERROR, certainty: Certainty = Certainty.PROOF
) -> Finding:
    return Finding(
        rule=rule, level=level, certainty=certainty, message=f"pixels of {rule} are wrong",
        path="data/a.png", evidence={f"number {i}": i for i in range(9)} | {"table": {"0": 5}},
        fix="first\nsegdata validate data",
    )  # fmt: skip


def text(diagnosis: Diagnosis) -> str:
    out = io.StringIO()
    console.show(diagnosis, "text", out)
    return out.getvalue()


def in_a_terminal(diagnosis: Diagnosis, **options: object) -> str:
    out = io.StringIO()
    settings = {"width": 100, "force_terminal": True, "color_system": "truecolor"} | options
    render(diagnosis, Console(file=out, highlight=False, markup=False, **settings))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.fixture(scope="module")
def palette(samples: Path) -> Diagnosis:
    return look(DoctorRequest(paths=(str(samples / "broken" / "L03" / "bad"),)))


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([finding("L01")], "The fault lies in the labels."),
        ([finding("T01", certainty=Certainty.MEDIUM)],
         "The fault probably lies in how the network was trained."),
        ([finding("C08", certainty=Certainty.HINT)], "The fault may lie in the weights."),
        ([finding("V01", Level.INFO)], "Nothing is broken: the predictions only look black."),
        ([finding("I10", Level.INFO)],
         "Black is right: the labels of these pictures hold no object either."),
        ([finding("I11")],
         "The network answers every photo alike; nothing that was looked at says why."),
        ([finding("T02")], "The network has not been trained long enough."),
        ([finding("P07", Level.WARNING)],
         "Nothing is proven to be broken; 1 thing deserves a look."),
        ([finding("P07", Level.WARNING), finding("P08", Level.WARNING)],
         "Nothing is proven to be broken; 2 things deserve a look."),
        ([finding("L30", Level.INFO)], "Nothing is wrong with what was looked at."),
        ([], "Nothing is wrong with what was looked at."),
    ],
)  # fmt: skip
def test_the_first_line_is_the_answer(findings: list[Finding], said: str) -> None:
    assert text(diagnose(findings, EVERYTHING)).splitlines()[0] == said


def test_without_evidence_the_answer_is_that_there_is_none() -> None:
    assert text(diagnose([], [])).startswith("There is not enough to tell.")


@pytest.mark.parametrize("rule", ["L01", "P01", "D03", "S04", "L09", "T01", "C02", "I01", "I04"])
def test_the_broken_link_is_marked_without_color(rule: str) -> None:
    (chain,) = (line for line in text(diagnose([finding(rule)], EVERYTHING)).splitlines()
                if "viewer" in line and "→" in line)  # fmt: skip
    assert f"[{link_of(rule).label.upper()}]" in chain
    assert chain.count("[") == 1
    assert all(link.label in chain.lower() for link in Link)


@pytest.mark.parametrize("findings", [[], [finding("I11")], [finding("I10", Level.INFO)]])
def test_without_a_known_broken_link_no_chain_is_drawn(findings: list[Finding]) -> None:
    assert "→" not in text(diagnose(findings, EVERYTHING))


def test_the_cause_has_a_sentence_three_facts_and_the_command() -> None:
    lines = text(diagnose([finding("L01")], EVERYTHING)).splitlines()
    assert "cause: Pixels of L01 are wrong. (L01, proof)" in lines
    facts = [line for line in lines if line.startswith("  - ")]
    assert facts == ["  - table: 0: 5", "  - number 0: 0", "  - number 1: 1"]
    assert "segdata validate data" in lines


def test_other_suspects_are_brief_and_the_rest_is_counted() -> None:
    rules = [f"L0{i}" for i in range(1, 9)]
    said = text(diagnose([finding(rule) for rule in rules], EVERYTHING))
    assert said.count("error pixels of") == 4
    assert said.count("fix: segdata validate data") == 1
    assert "... and 3 more: --format json" in said


def test_what_follows_and_what_is_missing_are_told() -> None:
    said = text(diagnose([finding("L01"), finding("I11")], [Evidence.PREDICTIONS], ["a folder"]))
    assert "explains I11: pixels of I11 are wrong" in said
    assert "looked at a folder" in said
    assert "would tell more: the labels" in said


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_sentences_fit_the_window(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    long = replace(
        finding("L01"), message="many words " * 30, evidence={"table": {i: i for i in range(99)}}
    )
    lines = text(diagnose([long, finding("P01")], EVERYTHING)).splitlines()
    assert all(len(line) <= columns for line in lines)


def test_a_picture_is_shown_in_a_terminal_with_colors_only(palette: Diagnosis) -> None:
    assert "▀" in in_a_terminal(palette)
    assert "▀" not in text(palette)
    assert "▀" not in in_a_terminal(palette, no_color=True)
    assert "▀" not in in_a_terminal(palette, force_terminal=False)


@pytest.mark.parametrize("columns", [40, 80, 300])
def test_a_picture_takes_twelve_lines_at_most_and_fits(palette: Diagnosis, columns: int) -> None:
    out = io.StringIO()
    recorded = Console(file=out, width=columns, force_terminal=True, color_system="truecolor",
                       record=True, highlight=False, markup=False, soft_wrap=True)  # fmt: skip
    render(palette, recorded)
    plain = recorded.export_text().splitlines()
    drawn = [line for line in plain if "▀" in line]
    legend = [line for line in plain if "██" in line]
    assert 0 < len(drawn) <= 10
    assert len(drawn) + len(legend) + 1 <= 12 or columns == 40
    assert all(len(line.rstrip()) <= columns for line in drawn)


def test_a_window_without_unicode_gets_plain_arrows_and_no_picture(palette: Diagnosis) -> None:
    data = io.BytesIO()
    out = io.TextIOWrapper(data, encoding="ascii")
    render(palette, Console(file=out, width=100, force_terminal=True, color_system="truecolor"))
    out.flush()
    assert b"] > pairs > descriptor" in data.getvalue().replace(b"\x1b[0m", b"").replace(
        b"\x1b[2m", b""
    )
