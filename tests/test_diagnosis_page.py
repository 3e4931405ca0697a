"""The doctor's report: one file with the chain, the pictures and the fix; and the guide to it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from segdata import exhibits, rules
from segdata.chain import Link
from segdata.cli import run
from segdata.diagnosis import Diagnosis
from segdata.errors import UserError
from segdata.evidence import CaseFacts, LabelEvidence, LogFacts, Series
from segdata.images import encode_label, read_photo
from segdata.reports import write_diagnosis
from segdata.reports.chain_chart import NARROW, WIDE, chain_chart
from segdata.reports.diagnosis_page import render_diagnosis, steps_of
from segdata.reports.loss_chart import loss_chart
from segdata.workflows import DoctorRequest, diagnose

ROOT = Path(__file__).parent.parent
LABELS = LabelEvidence(where="data", num_classes=4, ignore=255, pixels={0: 90, 1: 10})


def sample(samples: Path, rule: str) -> Diagnosis:
    return diagnose(DoctorRequest(paths=(str(samples / "broken" / rule / "bad"),)))


def case(losses: Mapping[int, float], labels: LabelEvidence | None = LABELS) -> CaseFacts:
    log = LogFacts(where="log", kind="text", loss=Series(tuple(losses.items())))
    return CaseFacts(labels=labels, log=log)


@pytest.mark.parametrize("rule", ["L01", "L03", "P01", "D03", "S04", "L27"])
def test_a_page_refers_to_nothing_outside_and_marks_the_broken_link(
    samples: Path, rule: str
) -> None:
    diagnosis = sample(samples, rule)
    page = render_diagnosis(diagnosis)
    assert "http" not in page.replace("http-equiv", "")
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', page))
    assert diagnosis.broken is not None
    # Drawn for wide pages and for phones.
    assert page.count('<g class="broken">') == 2
    assert f"broken link: {diagnosis.broken.label}" in page
    for section in ("cause", "fix", "looked-at"):
        assert f'<section id="{section}"' in page


def test_the_numbers_are_inside_as_json(samples: Path) -> None:
    diagnosis = sample(samples, "L01")
    (data,) = re.findall(r'id="report-data">(.*?)</script>', render_diagnosis(diagnosis))
    assert json.loads(data) == json.loads(json.dumps(diagnosis.to_json()))


def test_what_a_person_sees_stands_beside_what_the_trainer_reads(samples: Path) -> None:
    page = render_diagnosis(sample(samples, "L03"))
    for caption in ("in an image viewer", "the numbers in the file",
                    "as TensorFlow and OpenCV read it"):  # fmt: skip
        assert f"<figcaption>{caption}</figcaption>" in page
    assert "38 no class" in page


def test_predictions_that_look_black_are_no_fault_on_the_page(tmp_path: Path) -> None:
    label = np.repeat(np.array([0, 1, 2, 3], np.uint8), 25).reshape(10, 10)
    (tmp_path / "a.png").write_bytes(encode_label(label))
    page = render_diagnosis(diagnose(DoctorRequest(predictions=tmp_path)))
    assert '<section id="predictions"' in page
    assert "What mends it" not in page
    assert "What to do" in page


def test_names_of_files_are_text(tmp_path: Path) -> None:
    folder = tmp_path / "<b>data"
    folder.mkdir()
    (folder / "a.png").write_bytes(encode_label(np.eye(8, dtype=np.uint8)))
    page = render_diagnosis(diagnose(DoctorRequest(predictions=folder)))
    assert "<b>data" not in page
    assert "&lt;b&gt;data" in page


def test_the_chain_has_every_link_once_in_any_width() -> None:
    for width in (WIDE, NARROW):
        chart = chain_chart(Link.SHARDS, width)
        assert [box.text for box in chart.boxes] == [link.label for link in Link]
        assert all(box.x + box.width <= width for box in chart.boxes)
        states = [box.state for box in chart.boxes]
        assert states == ["before"] * 3 + ["broken"] + ["after"] * 7
    assert len({box.y for box in chain_chart(None, WIDE).boxes}) == 1
    assert {box.state for box in chain_chart(None, WIDE).boxes} == {"before"}


def test_the_loss_is_drawn_beside_guessing_and_the_entropy_of_the_labels() -> None:
    found = loss_chart(case({1: 1.5, 100: 0.4}))
    assert found is not None
    assert [line.name for line in found.chart.lines] == ["loss", "ln(K)", "entropy"]
    assert [line.told for line in found.chart.lines][1:] == ["1.39", "0.325"]
    assert f"ln(K) = {math.log(4):.3f}" in found.notes[0]


def test_what_a_loss_cannot_show_is_told() -> None:
    found = loss_chart(case({1: 1.0, 2: 1e6, 3: math.nan, 4: math.inf}))
    assert found is not None
    assert any("1 values above 4.16" in note for note in found.notes)
    assert any("2 values are no numbers, the first at step 3" in note for note in found.notes)


def test_a_loss_without_labels_stands_alone_and_none_is_no_chart() -> None:
    found = loss_chart(case({1: 1.0, 2: 1e6}, None))
    assert found is not None
    assert [line.name for line in found.chart.lines] == ["loss"]
    assert loss_chart(case({1: math.nan})) is None
    assert loss_chart(CaseFacts()) is None


def test_commands_and_lines_to_save_are_copied_one_by_one() -> None:
    fix = "save as c.csv:\nname,r\nsky,0\nsegdata convert a b\nsegdata shard b c\nthen train"
    assert steps_of(fix) == [
        "save as c.csv:", "name,r\nsky,0", "segdata convert a b", "segdata shard b c", "then train",
    ]  # fmt: skip
    assert steps_of("") == []


def test_reports_are_written_by_suffix_and_others_refused_before_the_work(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(samples / "broken" / "L01" / "bad")
    paths = [tmp_path / f"r.{suffix}" for suffix in ("html", "json", "md")]
    line = ["doctor", data, *(word for path in paths for word in ("--report", str(path)))]
    assert run(line) == 1
    told = json.loads(paths[1].read_text("utf-8"))
    assert (told["verdict"], told["broken"]) == ("fault", "labels")
    text = paths[2].read_text("utf-8")
    assert text.startswith("### The fault lies in the labels.\n")
    assert "**[LABELS]** → pairs" in text
    assert "segdata convert" in text
    capsys.readouterr()
    assert run(["doctor", data, "--report", str(tmp_path / "r.pdf")]) == 2
    assert "ends in .html or .json or .md" in capsys.readouterr().err
    with pytest.raises(UserError):
        write_diagnosis(diagnose(DoctorRequest(paths=(data,))), tmp_path / "r.txt")


def test_a_report_alone_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert run(["doctor", "--report", str(tmp_path / "r.html")]) == 2
    assert not list(tmp_path.iterdir())


def maker() -> ModuleType:
    path = ROOT / "docs" / "make_black_predictions.py"
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GUIDE = ROOT / "docs" / "black-predictions.md"


def test_the_guide_lists_every_cause_and_links_to_its_page() -> None:
    text, causes = GUIDE.read_text("utf-8"), (ROOT / "docs" / "causes.md").read_text("utf-8")
    assert text == maker().page(text)
    assert causes == maker().causes()
    for rule in rules.all_rules():
        assert f"[{rule.id}](causes.md#{rule.id.lower()})" in text
        assert f"\n### {rule.id}\n" in causes


def test_the_guide_s_pictures_are_what_the_samples_show() -> None:
    for name, pixels in maker().pictures().items():
        assert f"images/{name}" in GUIDE.read_text("utf-8")
        assert np.array_equal(read_photo(ROOT / "docs" / "images" / name), pixels)


def test_the_guide_prints_what_the_doctor_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (said,) = re.findall(r"```text\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert run(["doctor", "sample_data/broken/L01/bad"]) == 1
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("My labels are 0 and 1", ("0 and 255 | L01", "or 0 and 38 | L02", "1 and 2 | L06")),
        ("My pictures are 299×299", ("305,305", "66 % padding", "k·16+1")),
        ("The update broke it", ("goes once\nthrough the split", "refused")),
        (
            "How do I make the SegmentationClass images?",
            ("segdata convert", "one grey\nPNG of ids"),
        ),
        ("NotFoundError: JPEGImages/….png", ("--image_format", "photos that are there")),
        ("Where do I register my data set?", ("segdata register data --name portrait",)),
    ],
)
def test_the_guide_answers_the_six_questions(question: str, answers: tuple[str, ...]) -> None:
    """As tests/test_six_questions.py has it from the commands."""
    _, _, section = GUIDE.read_text("utf-8").partition(f"\n### {question}")
    section, _, _ = section.partition("\n##")
    assert all(answer in section for answer in answers)


def test_a_sound_folder_has_a_page_without_cause(samples: Path) -> None:
    sound = diagnose(DoctorRequest(paths=(str(samples / "broken" / "L01" / "sound"),)))
    page = render_diagnosis(sound)
    assert '<section id="cause"' not in page
    assert "Nothing is wrong with what was looked at" in page
    assert exhibits.of_cause(sound) is None
