"""How often the doctor is right: faults injected one at a time, and sound things that look odd.

    python benchmarks/doctor.py [--only TEXT] [--seed N] [--sample N] [--out FILE]

Prints for every kind of fault how often a right cause comes first and among the first three, what
was called proven and is not, alarms on healthy cases, and seconds per case; then the same for three
baselines. CamVid's cases need ``SEGDATA_SHARED``, a folder with ``data/camvid``; without it they
are left out. The cases are our own: they say how good the doctor is on faults that its writers
thought of.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fault_zoo import zoo
from fault_zoo.baselines import BASELINES
from fault_zoo.cases import Case
from fault_zoo.judging import Answer, judge
from fault_zoo.sources import camvid_folder

PROCESSES = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", default="", help="cases whose ids hold one of A,B,...")
    parser.add_argument("--seed", type=int, default=0, help="of --sample")
    parser.add_argument("--sample", type=int, help="so many cases only")
    parser.add_argument("--out", type=Path, help="write the tables here, too")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    cases = [case for case in zoo.all_cases() if any(text in case.id for text in wanted)]
    if camvid_folder() is None:
        cases = [case for case in cases if "camvid" not in case.id]
    if arguments.sample:
        cases = random.Random(arguments.seed).sample(cases, min(arguments.sample, len(cases)))
    with ProcessPoolExecutor(PROCESSES) as pool:
        answers = list(pool.map(judge_by_id, [case.id for case in cases]))
    text = "\n".join(tables(answers))
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")
    return 0 if all(map(is_right, answers)) else 1


def judge_by_id(case_id: str) -> Answer:
    """In a process of its own: what a case does is no value that could be sent there."""
    return judge(_by_id()[case_id])


def _by_id() -> dict[str, Case]:
    return {case.id: case for case in zoo.all_cases()}


def is_right(answer: Answer) -> bool:
    return answer.right and answer.verdict_right and not answer.alarms


def tables(answers: list[Answer]) -> Iterator[str]:
    """Markdown: what failed, the kinds, the summary."""
    yield "## Cases that failed\n"
    yield "| case | verdict | said | wrong proof | alarm | trouble |\n|---|---|---|---|---|---|"
    for one in answers:
        if not is_right(one):
            said = "; ".join(one.said) or "nothing"
            wrong, alarms = " ".join(one.wrong_proofs), " ".join(one.alarms)
            cells = (one.case, one.verdict, said, wrong, alarms, one.trouble)
            yield "| " + " | ".join(cells) + " |"
    yield "\n## By kind\n"
    yield (
        "| kind | cases | top-1 | top-3 | verdict | wrong proofs | median s |\n" + "|---" * 7 + "|"
    )
    kinds: dict[str, list[Answer]] = defaultdict(list)
    for one in answers:
        kinds[one.kind].append(one)
    for kind, some in sorted(kinds.items()):
        yield "| " + " | ".join([kind, str(len(some)), *_scores(some)]) + " |"
    yield "\n## Summary\n"
    yield from _summary(answers)


def _scores(some: list[Answer]) -> list[str]:
    wrong = sum(bool(one.wrong_proofs) for one in some)
    return [
        _percent(sum(one.first for one in some), len(some)),
        _percent(sum(one.third for one in some), len(some)),
        _percent(sum(one.verdict_right for one in some), len(some)),
        str(wrong or ""),
        f"{statistics.median(one.seconds for one in some):.2f}",
    ]


def _summary(answers: list[Answer]) -> Iterator[str]:
    sick = [one for one in answers if not one.healthy]
    sound = [one for one in answers if one.healthy]
    yield "| who | top-1 | top-3 | wrong proofs | false alarms |\n|---|---|---|---|---|"
    first, third, _, wrong, _ = _scores(sick) if sick else [""] * 5
    alarms = f"{sum(bool(one.alarms) for one in sound)} of {len(sound)}"
    yield f"| segdata doctor | {first} | {third} | {wrong or 0} of {len(answers)} | {alarms} |"
    for name in BASELINES:
        right = _percent(sum(name in one.baselines for one in sick), len(sick))
        alarms = f"{sum(name not in one.baselines for one in sound)} of {len(sound)}"
        yield f"| {name} | {right} | {right} | | {alarms} |"
    seconds = [one.seconds for one in answers]
    yield (
        f"\n{len(sick)} faults, {len(sound)} healthy controls; {len({o.kind for o in sick})} kinds."
        f" Seconds per case: median {statistics.median(seconds):.2f}, most {max(seconds):.1f}."
        f" Crashes or refusals: {sum(bool(one.trouble) for one in answers)}."
        f" {os.cpu_count()} cores, {PROCESSES} processes."
    )


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part}/{whole})" if whole else ""


if __name__ == "__main__":
    raise SystemExit(main())
