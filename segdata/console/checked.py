"""How a checked data set looks: findings, what they mean for the exit code, the outlook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.accepted import Compared
from segdata.checked import Checked
from segdata.console import findings
from segdata.console.paragraphs import kept, paragraph
from segdata.reports import as_github, as_junit, as_sarif
from segdata.rules.wording import command
from segdata.statistics import Statistics

# The other ways to print; text and JSON are render and to_json.
FORMS: Mapping[str, Callable[[Checked], str]] = {
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_github,
}
# Accepted findings that are gone and are named.
_NAMED = 5


def to_json(checked: Checked) -> dict[str, Any]:
    return checked.to_json()


def render(checked: Checked, console: Console) -> None:
    report = checked.report
    if checked.policy.select:
        findings.render_groups(report, console, shown=None)
    else:
        findings.render_groups(report, console, selects=True)
    if len(report):
        console.print()
    before = list(outlook(checked.statistics))
    if before:
        more = kept(command("stats", checked.statistics.root))
        before.append(f"classes, objects and weights: {more}")
    for line in before:
        paragraph(Text(line), console, hang=4)
    if checked.compared is not None:
        for line in _baseline(checked.compared):
            paragraph(Text(line), console, hang=4)
    findings.render_totals(report, console)
    if "sampled" in report.checked:
        closely = f"{report.checked['sampled']} of {report.checked['labels']} labels"
        line = f"shapes and edges were looked at in {closely}; --full looks at all"
        paragraph(Text(line), console, hang=4)
    paragraph(Text(_meaning(checked), style="bold"), console)


def _meaning(checked: Checked) -> str:
    fail_on = checked.policy.fail_on
    if fail_on is None:
        return "exit code 0: --fail-on never"
    what = "something is" if checked.exit_code else "nothing is"
    new = "new and " if checked.compared is not None else ""
    return f"exit code {checked.exit_code}: {what} {new}at or above --fail-on {fail_on.label}"


def outlook(statistics: Statistics) -> Iterator[str]:
    """Before training: what needs no network, and what no score will show."""
    scored = {split.name for split in statistics.splits}
    scores = [
        f"{split.name} mIoU {split.constant.miou:.3f}, accuracy {split.constant.accuracy:.3f} "
        f"(“{split.constant.name}”)"
        for split in statistics.splits
        if split.constant and not (split.name == "trainval" and scored >= {"train", "val"})
    ]
    if not scores:
        return
    rule = next(split.constant.rule for split in statistics.splits if split.constant)
    yield f"one class everywhere already scores (mIoU rule {rule}): {'; '.join(scores)}"
    for entry in statistics.unmeasured:
        if entry.absent:
            yield f"{entry.split} cannot measure {', '.join(entry.absent)}: no pixel"
        if entry.single:
            yield f"{entry.split} hardly measures {', '.join(entry.single)}: in one label only"


def _baseline(compared: Compared) -> Iterator[str]:
    if compared.written:
        yield f"{len(compared.known)} findings are accepted from now on: {kept(compared.file)}"
        return
    yield f"{len(compared.known)} findings are accepted in {kept(compared.file)} and do not count"
    for entry in compared.gone[:_NAMED]:
        yield f"gone since: {entry.rule} {kept(entry.path)} {entry.message}"
    if len(compared.gone) > _NAMED:
        yield f"... and {len(compared.gone) - _NAMED} more are gone"
    if compared.gone:
        yield f"forget what is gone: --write-baseline {kept(compared.file)}"
