"""One flag of the original's scripts: its name, kind and default, and what it is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Script = Literal["train", "eval", "vis", "export", "shard"]
Kind = Literal["string", "integer", "float", "boolean", "list", "integers", "floats"]
"""absl's kinds: ``list`` is numbers with commas, ``integers`` and ``floats`` are repeated."""

NETWORK_SCRIPTS: tuple[Script, ...] = ("train", "eval", "vis", "export")

# The word of --dataset.
WHERE_IT_COUNTS = (
    "it counts for shards without a manifest.json, as the original makes them; others say their "
    "classes themselves, and another number of them is refused"
)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A row of the table; it has a ``setting``, an ``option`` or a ``word``."""

    name: str
    kind: Kind
    scripts: tuple[Script, ...]
    """The commands that take it."""
    default: Any = None
    """The original's; None where it has none."""
    setting: str = ""
    """The training setting that it becomes, ``group.field``."""
    option: str = ""
    """The option of our command that it becomes; in capitals, the argument."""
    word: str = ""
    """Why it changes nothing here, or what differs: said when the flag is given."""
    choices: tuple[str, ...] = ()
    """The values that a string may have; empty for any."""
    pair: bool = False
    """Whether it is a height and a width."""

    @property
    def repeats(self) -> bool:
        """Whether it holds several values."""
        return self.kind in ("list", "integers", "floats")


def idle(scripts: tuple[Script, ...], name: str, kind: Kind, default: Any, word: str) -> Flag:
    """A flag that changes nothing here; ``word`` says why."""
    return Flag(name=name, kind=kind, scripts=scripts, default=default, word=word)
