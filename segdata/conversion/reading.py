"""What the labels of a source turned out to hold: pixels, problems, unknown colors, as findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, starmap

from segdata import rules
from segdata.classes import ClassMap
from segdata.conversion.labels import LabelResult, Posture
from segdata.conversion.notices import notices
from segdata.conversion.plan import ConversionPlan
from segdata.facts.color_looks import SHADE, distance_of
from segdata.facts.color_totals import ColorTotals, MaskFile
from segdata.facts.colors import ClosePairFacts, MaskColorsFacts, PhantomFacts
from segdata.facts.conversion import ConversionFacts, Named
from segdata.findings import CheckReport, Finding, Level
from segdata.rules.labels.conversion import not_listed
from segdata.rules.wording import counted
from segdata.sources.photos import names_outside

# Files named in a finding; the count beside them says how many there are.
_NAMED = 5
# Problems that are told one by one; of a hundred thousand damaged files the rest are counted.
_PROBLEMS = 1000


@dataclass
class Tally:
    """Adds up what became of labels, in memory that does not grow with their pixels."""

    plan: ConversionPlan
    pixels: Counter[int] = field(default_factory=Counter)
    postures: dict[str, Posture] = field(default_factory=dict)
    _masks: int = 0
    _colors: ColorTotals = field(default_factory=ColorTotals)
    _phantoms: dict[int, Named] = field(default_factory=dict)
    _unlisted: dict[str, Named] = field(default_factory=dict)
    _left_out: dict[str, Named] = field(default_factory=dict)
    _problems: list[Finding] = field(default_factory=list)
    _more_problems: int = 0

    def add(self, result: LabelResult) -> None:
        label = str(result.item.label)
        self._masks += 1
        self.pixels.update(result.pixels)
        if result.problem:
            self._add_problem(result)
            return
        if result.posture != "upright":
            self.postures[result.item.key] = result.posture
        if result.colors is not None and result.fates is not None:
            file = MaskFile(label, str(result.item.image))
            self._colors.add(file, result.colors, result.fates)
        for class_id, count in result.phantoms.items():
            self._phantoms.setdefault(class_id, Named()).add(label, count)
        for name, count in result.unlisted.items():
            self._unlisted.setdefault(name, Named()).add(label, count)
        for what, count in result.left_out.items():
            self._left_out.setdefault(what, Named()).add(label, count)

    def colors(self) -> MaskColorsFacts:
        """What the colors of all masks show."""
        class_map, request = self.plan.class_map, self.plan.request
        repaired = request.on_unknown == "nearest"
        total = self.pixels.total()
        return MaskColorsFacts(
            groups=self._colors.groups(class_map, total),
            pixels=total,
            masks=self._masks,
            swapped=self._colors.swapped_share(class_map),
            ignorable=class_map.ignore is not None,
            repaired=repaired,
            cap=request.max_distance,
            phantoms=tuple(
                PhantomFacts(class_map.name(i), named.files, named.count, tuple(named.first))
                for i, named in sorted(self._phantoms.items())
            ),
            close=tuple(close_pairs(class_map)) if repaired else (),
        )

    def report(self, colors: MaskColorsFacts) -> CheckReport:
        """Findings about everything that was read, and about what has no partner."""
        source = self.plan.source
        away = [name for name in source.labels_only if names_outside(name)]
        ignored = self.plan.request.on_unknown == "ignore"
        facts = ConversionFacts(
            colors=colors,
            labels=str(source.labels),
            images=str(source.images),
            pairs=len(source.items),
            unlisted={} if ignored else self._unlisted,
            left_out=self._left_out,
            images_only=source.images_only,
            labels_only=tuple(name for name in source.labels_only if name not in away),
            unpaired=self.plan.unpaired,
            outside=tuple(str(path) for path in self.plan.outside),
            turned=tuple(k for k, p in self.postures.items() if p == "turn"),
            assumed=tuple(k for k, p in self.postures.items() if p == "assumed"),
            lying=tuple(k for k, p in self.postures.items() if p == "lies"),
            unread=self._more_problems,
        )
        findings = [*self._problems, *rules.run("labels.conversion", facts), *notices(facts)]
        if ignored:
            findings += starmap(_ignored, self._unlisted.items())
        if away:
            findings.append(_outside(away, str(source.labels)))
        checked = {"pairs": len(source.items), "pixels": self.pixels.total()}
        return CheckReport(tuple(findings), checked)

    def _add_problem(self, result: LabelResult) -> None:
        if len(self._problems) >= _PROBLEMS:
            self._more_problems += 1
            return
        message, _, fix = result.problem.partition("\n")
        # The finding names the whole path.
        item = result.item
        path = item.image if str(item.image) in message else item.label
        message = message.replace(str(path), path.name)
        said = rules.Statement(
            message=message,
            path=str(path),
            fix=fix or "fetch or export the file again, or take it and its photo out of the folder",
        )
        self._problems.append(rules.get(result.rule).finding(said))


def read_all(plan: ConversionPlan, results: Iterable[LabelResult]) -> Tally:
    """Add up the results of all labels."""
    tally = Tally(plan)
    for result in results:
        tally.add(result)
    return tally


def _ignored(name: str, met: Named) -> Finding:
    """What no class has, where the user wants it ignored."""
    said = rules.Statement(
        message=f"{not_listed(name)}: {met.count:,} pixels in {counted(met.files, 'label')} "
        "became the ignore label",
        level=Level.WARNING,
        path=met.first[0],
        count=met.count,
        evidence={"class": name, "files": met.files, "first_files": met.first},
    )
    return rules.get("L05").finding(said)


def _outside(names: list[str], labels: str) -> Finding:
    """Annotations whose photos are elsewhere; whatever lies there is never read."""
    more = ", ..." if len(names) > _NAMED else ""
    said = rules.Statement(
        message=f"{counted(len(names), 'name')} of photos in the annotations lead out of the data "
        f"set; these photos are never read, and are left out: {', '.join(names[:_NAMED])}{more}",
        level=Level.WARNING,
        path=labels,
        count=len(names),
        evidence={"names": names[:_NAMED]},
        fix="put the photos into the data set, or name their folder with --images DIR",
    )
    return rules.get("P07").finding(said)


def close_pairs(class_map: ClassMap) -> Iterator[ClosePairFacts]:
    """Pairs of classes of which a compressed color may be a shade of either, the closest first."""
    colored = [(c.name, c.color) for c in class_map.classes if c.color is not None]
    pairs = [
        ClosePairFacts(name, other_name, distance_of(color, other))
        for (name, color), (other_name, other) in combinations(colored, 2)
    ]
    # A shade of one may be no nearer to the other: their balls of shades must not touch.
    yield from sorted(
        (pair for pair in pairs if pair.distance <= 2 * SHADE), key=lambda pair: pair.distance
    )
