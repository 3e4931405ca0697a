"""Write the card of a data set from what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata import cards, registry, validation
from segdata.errors import UserError
from segdata.executors import Executor, Serial
from segdata.facts import Look
from segdata.files import write_file
from segdata.findings import CheckReport
from segdata.policy import Policy
from segdata.progress import Silence, Watch
from segdata.statistics import statistics_of
from segdata.validation import Looks

_LOOKS = Looks(every=Looks().every | Look.CENSUS)


@dataclass(frozen=True, kw_only=True)
class CardRequest:
    """Which card to write.

    Args:
        dataset: a folder or a name.
        out: the folder to write into; None writes into the data set's.
        overwrite: replace a card that is there.
        executor: where the files are decoded; None decodes them in this process.
    """

    dataset: str
    out: Path | None = None
    overwrite: bool = False
    executor: Executor | None = None


@dataclass(frozen=True)
class Card:
    """What was written, and what the check behind it found."""

    files: tuple[Path, ...]
    report: CheckReport


def describe(request: CardRequest, *, watch: Watch | None = None) -> Card:
    """Check and count a data set and write README.md and croissant.json.

    Raises:
        UserError: there is no such data set, it is empty, or a card is there already.
    """
    dataset = registry.find(request.dataset)
    out = request.out or dataset.root
    files = (out / cards.README_FILE, out / cards.CROISSANT_FILE)
    if not request.overwrite:
        _refuse(files)
    splits = list(dataset.splits.values())
    facts = validation.gather(
        dataset, splits, request.executor or Serial(), watch or Silence(), _LOOKS
    )
    report = validation.judge(dataset, facts, Policy(fail_on=None))
    statistics = statistics_of(facts)
    texts = (cards.readme(dataset, statistics, report), cards.croissant(dataset, statistics))
    for path, text in zip(files, texts, strict=True):
        write_file(path, text.encode())
    return Card(files, report)


def _refuse(files: tuple[Path, ...]) -> None:
    there = next((path for path in files if path.exists()), None)
    if there is not None:
        raise UserError(
            f"{there} is there already", "add --overwrite, or name another folder to write into"
        )
