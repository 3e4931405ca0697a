"""The text behind a flag becomes a value of its kind."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any

from segdata.original_flags.flag import Flag
from segdata.original_flags.variants import nearest_variant, why_no_variant

# absl's words, and no others: it refuses "yes" and "no".
TRUE, FALSE = ("true", "t", "1"), ("false", "f", "0")
# And what people write in their place.
_YES, _NO = (*TRUE, "yes", "y", "on"), (*FALSE, "no", "n", "off")
QUOTES = "\"'“”‘’"


class WrongValue(ValueError):
    """A text is no value of its flag.

    Args:
        message: which, and why.
        instead: a text that is one; where nobody can know it, a word for it: ``N``.
    """

    def __init__(self, message: str, instead: str) -> None:
        super().__init__(message)
        self.instead = instead


def placeholder(flag: Flag) -> str:
    """What stands for a value of the flag that only the user knows."""
    one = {"string": "VALUE", "boolean": "True"}.get(flag.kind, "N")
    return f"{one},{one}" if flag.pair else one


def value_of(flag: Flag, texts: Sequence[str]) -> Any:
    """The value after ``--flag=text`` was given once for each of ``texts``.

    The last one counts. A flag with several values takes them all; a list with commas starts anew.

    Raises:
        WrongValue: a text is no value of that kind; says which.
    """
    if not flag.repeats:
        return _one(flag, texts[-1].strip(QUOTES))
    parts: list[str] = []
    for text in texts:
        several = [part.strip() for part in text.strip(QUOTES + "[]()").split(",")]
        replaces = flag.kind == "list" and len(several) > 1
        parts = several if replaces else parts + several
    values = tuple(_one(flag, part) for part in parts if part)
    if flag.pair and len(values) != 2:
        raise WrongValue(
            f"--{flag.name} is a height and a width, as in --{flag.name}=513,513; "
            f"{len(values)} given",
            _as_pair(values) or placeholder(flag),
        )
    return values


def _as_pair(values: Sequence[Any]) -> str:
    """Twice the one that was given, or the first two."""
    return ",".join(str(value) for value in (*values, *values[:1])[:2])


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
        raise WrongValue(
            f"--{flag.name}={text}: {text!r} is not {expected}", _instead(flag, text)
        ) from None
    if flag.name == "model_variant" and value not in flag.choices:
        raise WrongValue(f"--{flag.name}={text}: {why_no_variant(text)}", nearest_variant(text))
    if flag.choices and value not in flag.choices:
        near = difflib.get_close_matches(text.lower(), flag.choices, n=1)
        raise WrongValue(
            f"--{flag.name}={text}: it is one of {', '.join(flag.choices)}",
            near[0] if near else str(flag.default),
        )
    return value


def _instead(flag: Flag, text: str) -> str:
    """The value that was meant, if that can be told."""
    if flag.kind == "boolean":
        return str(text.lower() in _YES if text.lower() in _YES + _NO else flag.default)
    try:
        number = float(text)
    except ValueError:
        return placeholder(flag)
    return str(int(number)) if number.is_integer() else placeholder(flag)


def _boolean(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError
