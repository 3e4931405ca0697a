"""Writes docs/training-settings.md from the docstrings of the settings."""

from __future__ import annotations

from pathlib import Path

from model.config import TrainSettings

HEAD = """# Training settings

`segdata train … --set KEY=VALUE` changes any of these; KEY is the name, or `group.name` where two
groups have it. A run's `config.json` holds all of them as they were used. This page is made from
the code by `python docs/make_settings.py`.
"""


def page() -> str:
    parts = [HEAD]
    for group, field in TrainSettings.model_fields.items():
        model = field.annotation
        assert model is not None
        defaults = model()
        parts.append(f"\n## {group}\n\n{' '.join((model.__doc__ or '').split())}\n\n")
        parts.append("| setting | default | meaning |\n|---|---|---|\n")
        for name, entry in model.model_fields.items():
            meaning = " ".join((entry.description or "").split()).replace("|", "\\|")
            parts.append(f"| `{name}` | `{getattr(defaults, name)}` | {meaning} |\n")
    return "".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("training-settings.md").write_text(page(), "utf-8")
