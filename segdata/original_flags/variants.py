"""The original's names of backbones (model_variant): those there are here, and what else is said.

``model.network_settings`` has the same names, for those who import pydantic.
"""

from __future__ import annotations

import difflib

VARIANTS = (
    "mobilenet_v2",
    "mobilenet_v3_large_seg",
    "mobilenet_v3_small_seg",
    "resnet_v1_18",
    "resnet_v1_18_beta",
    "resnet_v1_50",
    "resnet_v1_50_beta",
    "resnet_v1_101",
    "resnet_v1_101_beta",
    "xception_41",
    "xception_65",
    "xception_71",
)
# The original's, which are not built here; and what is nearest to them in size.
_NOT_HERE = {"nas_": "xception_65", "mobilenet_edgetpu": "mobilenet_v3_large_seg"}
_LOOSE = 0.4


def nearest_variant(said: str) -> str:
    """The variant that was most likely meant; where none is near, the default."""
    name = said.lower().replace("-", "_")
    instead = next((ours for theirs, ours in _NOT_HERE.items() if name.startswith(theirs)), None)
    near = difflib.get_close_matches(name, VARIANTS, n=1, cutoff=_LOOSE)
    return instead or (near[0] if near else VARIANTS[0])


def why_no_variant(said: str) -> str:
    """Why there is no network of this name, and which there are."""
    name = said.lower().replace("-", "_")
    if name.startswith(tuple(_NOT_HERE)):
        return f"{said} is a backbone of the original that is not built here; there are " + (
            ", ".join(VARIANTS)
        )
    return (
        f"there is no variant {said}; the nearest is {nearest_variant(said)}. There are "
        f"{', '.join(VARIANTS)}"
    )
