"""The text behind a flag becomes a value of its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from segdata.original_flags.flag import Flag

# absl's words, and no others: it refuses "yes" and "no".
TRUE, FALSE = ("true", "t", "1"), ("false", "f", "0")
_QUOTES = "\"'“”‘’"


def value_of(flag: Flag, texts: Sequence[str]) -> Any:
    """The value after ``--flag=text`` was given once for each of ``texts``.

    The last one counts. A flag with several values takes them all; a list with commas starts anew.

    Raises:
        ValueError: a text is no value of that kind; says which.
    """
    if not flag.repeats:
        return _one(flag, texts[-1].strip(_QUOTES))
    parts: list[str] = []
    for text in texts:
        several = [part.strip() for part in text.strip(_QUOTES + "[]()").split(",")]
        replaces = flag.kind == "list" and len(several) > 1
        parts = several if replaces else parts + several
    values = tuple(_one(flag, part) for part in parts if part)
    if flag.pair and len(values) != 2:
        raise ValueError(
            f"--{flag.name} is a height and a width, as in --{flag.name}=513,513; "
            f"{len(values)} given"
        )
    return values


def _one(flag: Flag, text: str) -> Any:
    kinds: dict[str, tuple[Callable[[str], Any], str]] = {
        "boolean": (_boolean, "True or False"),
        "integer": (int, "a whole number"),
        "integers": (int, "a whole number"),
        "list": (int, "a whole number"),
        "float": (float, "a number"),
        "floats": (float, "a number"),
        "string": (str, "text"),
    }
    convert, expected = kinds[flag.kind]
    try:
        value = convert(text)
    except ValueError:
        raise ValueError(f"--{flag.name}={text}: {text!r} is not {expected}") from None
    if flag.choices and value not in flag.choices:
        raise ValueError(f"--{flag.name}={text}: it is one of {', '.join(flag.choices)}")
    return value


def _boolean(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError
