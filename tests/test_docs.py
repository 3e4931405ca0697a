"""Documentation that cannot lie: its commands parse, its guide runs, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from commandline import command_lines, parse

from segdata import rules
from segdata.cli import COMMANDS, run
from segdata.dataset import DatasetDescriptor
from segdata.original_flags.table import FLAGS
from segdata.validation import find, validate

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINES = [(page.name, line) for page in PAGES for line in command_lines(page.read_text("utf-8"))]
# Guides whose commands and Python are carried out, and a file that they must have written.
GUIDES = {
    "from-your-folder-to-a-report.md": "report.html",
    "labels.md": "checks.html",
    "from-tensorflow-deeplab.md": "exp/eval/report.html",
    "predicting.md": "sure/portrait_00.npz",
    "exporting.md": "model.onnx",
    "importing.md": "streets.html",
    "comparing.md": "comparison.html",
    "reading-a-report.md": "report.html",
    "label-errors.md": "from_files/sheets/page_001.png",
    "pictures.md": "judged/contact_sheet/page_1.png",
    "submitting.md": "results.tgz",
    "black-predictions.md": "diagnosis.html",
}


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{p}: {x}" for p, x in LINES])
def test_command_lines_in_the_documentation_parse(page: str, line: str) -> None:
    parse(line)


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    table = text.split("## Commands")[1].split("## For developers")[0]
    assert all(f"`segdata {name}`" in table or f"`{name}`" in table for name in COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_descriptor_in_the_architecture_is_read() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    tomllib.loads(block)
    assert DatasetDescriptor.from_toml(block, "architecture.md").ignore_label == 11


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_runs_as_it_is_written(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / guide).read_text("utf-8")
    steps = re.findall(r"^\$ segdata (.*)$", text, re.MULTILINE)
    assert len(steps) >= 6
    for step in steps:
        assert run(shlex.split(step)) == 0, step
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, {})
    assert (tmp_path / GUIDES[guide]).stat().st_size > 500


def maker(name: str) -> ModuleType:
    """A script of docs/ that writes a page."""
    spec = spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_settings_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "training-settings.md").read_text("utf-8")
    assert page == maker("make_settings").page()


def test_the_tables_of_the_original_s_flags_are_what_the_code_says() -> None:
    page = (ROOT / "docs" / "from-tensorflow-deeplab.md").read_text("utf-8")
    assert page == maker("make_original_flags").page(page)
    assert all(f"| `--{flag.name}` |" in page for flag in FLAGS)


BROKEN = sorted(p.parent for p in (ROOT / "sample_data" / "broken").glob("*/bad"))


@pytest.mark.parametrize("sample", BROKEN, ids=lambda p: p.name)
def test_commands_that_a_rule_prints_as_its_fix_exist(sample: Path) -> None:
    report = validate(find(sample / "bad"))
    for finding in report:
        for line in command_lines(finding.fix):
            parse(line)


def test_every_rule_has_a_manual_page_with_what_why_and_how() -> None:
    for rule in rules.all_rules():
        assert rule.title, rule.id
        assert "What:" in rule.page, rule.id
        assert "Why it" in rule.page, rule.id
        assert "How to fix:" in rule.page, rule.id
