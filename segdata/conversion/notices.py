"""Findings about a conversion as a whole: what has no partner, and which photos were turned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from segdata import rules
from segdata.facts.conversion import ConversionFacts
from segdata.findings import Certainty, Finding, Level
from segdata.rules.wording import counted

# Names written out; the count beside them says how many there are.
_NAMED = 5


def notices(facts: ConversionFacts) -> Iterator[Finding]:
    """Everything that is worth saying and concerns no single label."""
    yield from _lonely(facts, "photo", "mask", facts.images, facts.images_only)
    yield from _lonely(facts, "mask", "photo", facts.labels, facts.labels_only)
    if facts.unpaired:
        yield _in_the_name_of(
            "P07",
            message=f"{counted(len(facts.unpaired), 'name')} in the lists belong to no pair and "
            f"are left out: {_named(facts.unpaired)}",
            path=facts.images,
            count=len(facts.unpaired),
            evidence={"names": list(facts.unpaired[:_NAMED])},
            fix="add the missing photos and masks, or take the names out of the lists",
        )
    if facts.outside:
        number = len(facts.outside)
        yield _in_the_name_of(
            "P07",
            message=f"files that are links out of the source are passed over: {number}",
            path=facts.outside[0],
            count=number,
            evidence={"files": list(facts.outside[:_NAMED])},
            fix="put the files themselves there, or follow the links with --allow-outside",
        )
    if facts.unread:
        yield _in_the_name_of(
            "L27",
            level=Level.ERROR,
            message=f"{counted(facts.unread, 'more label')} cannot be converted",
            path=facts.labels,
            count=facts.unread,
            fix="mend those that are listed, and convert again",
        )
    yield from _orientations(facts)


def _lonely(
    facts: ConversionFacts, what: str, other: str, folder: str, keys: tuple[str, ...]
) -> Iterator[Finding]:
    """Photos without masks and masks without photos are left out, and said to be."""
    if keys:
        yield _in_the_name_of(
            "P07",
            message=f"{counted(len(keys), what)} {'has' if len(keys) == 1 else 'have'} no {other} "
            f"and {'is' if len(keys) == 1 else 'are'} left out: {_named(keys)}",
            path=folder,
            count=len(keys),
            evidence={"pairs": facts.pairs, f"{what}s": len(keys), "names": list(keys[:_NAMED])},
            fix="add what is missing, or leave them out knowingly",
        )


def _orientations(facts: ConversionFacts) -> Iterator[Finding]:
    """What became of photos whose EXIF orientation turns them (L24)."""
    for keys, level, said, fix in (
        (facts.turned, Level.INFO, "were turned upright, as their labels were drawn", ""),
        (
            facts.assumed,
            Level.WARNING,
            "have an EXIF orientation, and the size of their labels does not tell how they were "
            "drawn: they were turned upright, as programs for labelling show them",
            "look at one with segdata vis; if its label lies sideways, take the orientation out of "
            "the photos and convert again",
        ),
        (
            facts.lying,
            Level.INFO,
            "were labelled as they are stored, against their EXIF orientation, which the copies "
            "do not have",
            "",
        ),
    ):
        if keys:
            yield Finding(
                rule="L24",
                level=level,
                certainty=Certainty.MEDIUM if keys is facts.assumed else Certainty.PROOF,
                message=f"{counted(len(keys), 'photo')} {said}: {_named(keys)}",
                path=facts.images,
                count=len(keys),
                evidence={"names": list(keys[:_NAMED])},
                fix=fix,
            )


def _in_the_name_of(rule_id: str, level: Level = Level.WARNING, **said: Any) -> Finding:
    return rules.get(rule_id).finding(rules.Statement(level=level, **said))


def _named(keys: tuple[str, ...]) -> str:
    return ", ".join(keys[:_NAMED]) + (", ..." if len(keys) > _NAMED else "")
