"""Commands and code with which somebody trained and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segdata.diagnosis import Evidence
from segdata.evidence import ScriptFacts
from segdata.evidence.script_files import read_scripts
from segdata.workflows.doctoring.case import Case

_USES = ("eval", "vis", "export")


def look_at_scripts(paths: Sequence[Path], case: Case) -> None:
    """All scripts, whose commands are compared with each other.

    Raises:
        UserError: there is no such file, or it is no text.
    """
    scripts: list[ScriptFacts] = []
    for path in paths:
        found = read_scripts(path)
        scripts += found
        if not found:
            case.undecided.append(
                f"{path} holds no command of DeepLab's and no code that reads masks, trains or "
                "predicts: give the command as it was typed, or the file with the training loop"
            )
    if not scripts:
        return
    training = next((one.settings for one in scripts if one.act == "train"), None)
    inference = next((one.settings for one in scripts if one.act in _USES), None)
    told = ", ".join(dict.fromkeys(one.act for one in scripts if one.act != "other")) or "code"
    case.add(
        Evidence.SCRIPT,
        f"{len(scripts)} command{'s' * (len(scripts) > 1)} ({told}): {', '.join(map(str, paths))}",
        scripts=tuple(scripts),
        training=training,
        inference=inference,
    )
