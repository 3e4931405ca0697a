"""Writes the tables of flags in docs/from-tensorflow-deeplab.md from segdata.original_flags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from segdata.original_flags.flag import Flag, Script
from segdata.original_flags.table import FLAGS

PAGE = Path(__file__).with_name("from-tensorflow-deeplab.md")
BEGIN, END = "<!-- made by docs/make_original_flags.py -->\n", "<!-- until here -->\n"
TITLES: dict[tuple[Script, ...], str] = {
    ("train",): "train.py",
    ("train", "eval", "vis", "export"): "common.py (train, eval, vis, export)",
    ("eval", "vis"): "eval.py and vis.py",
    ("eval",): "eval.py",
    ("vis",): "vis.py",
    ("export",): "export_model.py",
    ("shard",): "build_voc2012_data.py and its siblings (shard)",
}


def page(text: str) -> str:
    """The page with its tables made anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}{tables()}{END}{tail}"


def tables() -> str:
    """One table for every group of scripts that share flags."""
    groups: dict[tuple[Script, ...], list[Flag]] = {scripts: [] for scripts in TITLES}
    for flag in FLAGS:
        groups.setdefault(flag.scripts, []).append(flag)
    parts = []
    for scripts, flags in groups.items():
        parts.append(f"\n### {TITLES.get(scripts, ', '.join(scripts))}\n\n")
        parts.append("| flag | default there | here |\n|---|---|---|\n")
        parts += [f"| `--{f.name}` | {_default(f)} | {_here(f)} |\n" for f in flags]
    return "".join([*parts, "\n"])


def _default(flag: Flag) -> str:
    value: Any = flag.default
    if value is None or value == "":
        return ""
    return f"`{','.join(map(str, value)) if flag.repeats else value}`"


def _here(flag: Flag) -> str:
    name = f"`--set {flag.setting}=…`" if flag.setting else f"`{flag.option}`"
    if not flag.word:
        return name
    return f"{name}: {flag.word}" if flag.setting or flag.option else flag.word


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
