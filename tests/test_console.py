"""What a person sees: pure JSON on request, steady progress, aligned fixes."""

from __future__ import annotations

import io
import json
import shlex
from itertools import count
from pathlib import Path

import pytest
from rich.table import Table

from segdata import console, rules
from segdata.cli import run
from segdata.console import progress
from segdata.console.findings import indented
from segdata.findings import Certainty, CheckReport, Finding, Level


def report(number: int) -> CheckReport:
    findings = tuple(
        Finding(rule="L07", level=Level.ERROR, certainty=Certainty.PROOF, message=f"label {i}",
                path=f"a [b]/{i}.png", x=1, y=2, fix="first\nsegdata validate data")
        for i in range(number)
    )  # fmt: skip
    return CheckReport(findings, {"pairs": number})


def test_json_is_json_and_nothing_else() -> None:
    out = io.StringIO()
    console.show(report(2), "json", out)
    assert json.loads(out.getvalue())["findings"][1]["path"] == "a [b]/1.png"


def test_repeated_findings_are_capped_and_the_rest_counted() -> None:
    out = io.StringIO()
    console.show(report(9), "text", out)
    text = out.getvalue()
    assert text.count("L07 error") == 1
    assert text.count("(x=1, y=2)") == 5
    assert "and 4 more of L07; see all with --format json" in text
    assert "9 errors" in text


def test_a_fix_stands_once_under_its_rule_and_commands_are_not_broken() -> None:
    out = io.StringIO()
    console.show(report(9), "text", out)
    assert out.getvalue().count("fix: first") == 1
    assert "\n  segdata validate data\n" in out.getvalue()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lines_fit_the_window_unless_a_path_or_a_command_does_not(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    long = Finding(
        rule="L07",
        level=Level.WARNING,
        certainty=Certainty.HINT,
        message="many words " * 20,
        path="a/very long path/" * 5 + "x.png",
        fix="segdata convert here there --classes somewhere/else/classes.csv",
    )
    console.show(CheckReport((long,), {"pairs": 1}), "text", out)
    lines = out.getvalue().splitlines()
    assert all(len(line) <= columns or "x.png:" in line or "segdata" in line for line in lines)
    assert "a/very long path/" * 5 + "x.png:" in out.getvalue()
    assert "segdata convert here there --classes somewhere/else/classes.csv" in out.getvalue()


def test_how_bad_and_how_sure_stand_at_the_group_and_where_they_differ() -> None:
    def finding(level: Level, certainty: Certainty) -> Finding:
        return Finding(rule="L07", level=level, certainty=certainty, message="said", path="p")

    out = io.StringIO()
    mixed = (finding(Level.ERROR, Certainty.PROOF), finding(Level.INFO, Certainty.HINT))
    console.show(CheckReport(mixed), "text", out)
    first, second, third = out.getvalue().splitlines()[:3]
    assert first.startswith("L07 error (proof) ")
    assert second == "  p: said"
    assert third == "  info (hint) p: said"


def test_brackets_in_paths_are_not_markup_and_paths_are_not_wrapped() -> None:
    out = io.StringIO()
    console.show(report(1), "text", out)
    assert "a [b]/0.png (x=1, y=2): label 0" in out.getvalue()


def test_names_between_colons_are_not_pictures() -> None:
    out = io.StringIO()
    shown = console.console_for(out)
    shown.print("wrote data:100:/x")
    table = Table(":car:")
    table.add_row("a:100:b")
    shown.print(table)
    assert "data:100:/x" in out.getvalue()
    assert ":car:" in out.getvalue()
    assert "a:100:b" in out.getvalue()


def test_every_line_of_a_fix_is_indented() -> None:
    assert indented("fix: one\ntwo", 4) == "    fix: one\n    two"


def test_without_a_terminal_progress_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = count(0.0, 4.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with console.watching() as watch:
        assert list(watch(range(8), "reading", 8)) == list(range(8))
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["reading: 3/8, 0.2/s, 20 s left", "reading: 6/8, 0.2/s, 8 s left"]


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("rule", [None, "L07"])
def test_the_manual_fits_the_window(
    columns: int, rule: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    console.show(rules.manual(rule), "text", out)
    assert all(len(line.rstrip()) <= columns for line in out.getvalue().splitlines())


def test_the_next_command_can_be_pasted_though_a_folder_has_a_blank(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, serial = tmp_path / "my data", ["--executor", "serial"]
    for line in (
        ["convert", str(samples / "portrait"), str(data)],
        ["remap", str(data), str(tmp_path / "my other data"), "1:0"],
        ["split", str(data), str(tmp_path / "my lists")],
    ):
        assert run([*line, *serial]) == 0
        (told,) = (x for x in capsys.readouterr().out.splitlines() if x.startswith("next:"))
        assert (
            run([*shlex.split(told.removeprefix("next:"))[1:], "--fail-on", "never", *serial]) == 0
        )
        capsys.readouterr()
