import json

import numpy as np
import pytest

from .golden_logits import CASES, FILE, measured

# Float64 sums differ in their order between machines; resizes are float32 inside.
TOLERANCE = 1e-5
LARGE = ("xception", "resnet_v1_50", "resnet_v1_101")


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, marks=pytest.mark.slow if c.startswith(LARGE) else ()) for c in CASES],
)
def test_logits_are_what_they_were_when_they_were_the_original_s(case):
    for ours, kept in zip(measured(case), json.loads(FILE.read_text())[case], strict=True):
        assert ours["shape"] == kept["shape"]
        assert ours["norm"] == pytest.approx(kept["norm"], rel=TOLERANCE)
        scale = kept["norm"] / np.sqrt(np.prod(kept["shape"]))
        np.testing.assert_allclose(ours["values"], kept["values"], rtol=0, atol=TOLERANCE * scale)


def test_every_case_is_kept():
    assert json.loads(FILE.read_text()).keys() == CASES.keys()
