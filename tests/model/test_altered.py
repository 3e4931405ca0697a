"""A network may calculate otherwise than in its training, but its weights stay what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.prediction.predictor import load_predictor
from model.training.loop import train
from segdata.errors import UserError

from .conftest import picture, write_shards


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from model.config import TrainSettings

    folder = tmp_path_factory.mktemp("altered")
    shards = write_shards(folder / "shards", {"train": [picture(i) for i in range(3)]})
    settings = TrainSettings().updated(
        ["depth_multiplier=0.1", "aspp_filters=8", "decoder_filters=8", "low_level_filters=4",
         "crop_size=33,33", "batch_size=2", "steps=1", "recalibrate_batches=1",
         "precision=fp32", "atrous_rates=6,12,18"]
    )  # fmt: skip
    train(shards, folder / "run", settings)
    return folder / "run"


def test_another_output_stride_with_its_rates_gives_other_logits(run: Path) -> None:
    image, _ = picture(7)
    plain = load_predictor(run)
    finer = load_predictor(run, settings=["output_stride=8", "atrous_rates=12,24,36"])
    assert finer.network.settings.output_stride == 8
    assert finer.network.settings.rates == (12, 24, 36)
    assert not np.allclose(plain.logits(image), finer.logits(image))


def test_what_is_said_as_it_is_changes_nothing(run: Path) -> None:
    image, _ = picture(7)
    said = ["variant=mobilenet_v2", "decoder_output_stride=4", "atrous_rates=6,12,18"]
    assert np.array_equal(
        load_predictor(run).logits(image), load_predictor(run, settings=said).logits(image)
    )


@pytest.mark.parametrize(
    ("assignments", "told"),
    [
        (["variant=xception_41", "depth_multiplier=1.0"], "network.variant is mobilenet_v2"),
        (["decoder_output_stride=none"], "network.decoder_output_stride is [4], not []"),
        (["atrous_rates=[]"], "network.atrous_rates is [6, 12, 18], not []"),
        (["aspp_filters=16"], "network.aspp_filters is 8, not 16"),
    ],
)
def test_a_network_with_other_weights_is_refused(
    run: Path, assignments: list[str], told: str
) -> None:
    with pytest.raises(UserError) as raised:
        load_predictor(run, settings=["output_stride=8", *assignments])
    assert told in raised.value.message
    assert "output_stride is 16" not in raised.value.message
    assert raised.value.remedy == "leave it out: the checkpoint knows the network it is of"


def test_settings_of_the_training_are_over(run: Path) -> None:
    with pytest.raises(UserError, match=r"optimizer\.momentum is a setting of the training"):
        load_predictor(run, settings=["momentum=0.5"])


def test_rates_follow_the_output_stride_and_this_is_told(run: Path) -> None:
    notes: list[str] = []
    image, _ = picture(7)
    scaled = load_predictor(run, settings=["output_stride=8"], note=notes.append)
    said = load_predictor(run, settings=["output_stride=8", "atrous_rates=12,24,36"])
    assert scaled.network.settings.rates == (12, 24, 36)
    assert np.array_equal(scaled.logits(image), said.logits(image))
    assert "the atrous rates 6, 12, 18 become 12, 24, 36" in notes[0]
    coarser = load_predictor(run, settings=["network.output_stride=32"])
    assert coarser.network.settings.rates == (3, 6, 9)


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ("6,12,18", ["made for output stride 16, and at 8 they reach less far than in training"]),
        ("12,24,36", []),
        ("4,8,12", []),
    ],
)
def test_rates_that_are_given_count(run: Path, rates: str, told: list[str]) -> None:
    notes: list[str] = []
    settings = ["output_stride=8", f"network.atrous_rates={rates}"]
    finer = load_predictor(run, settings=settings, note=notes.append)
    assert finer.network.settings.rates == tuple(map(int, rates.split(",")))
    assert len(notes) == len(told)
    assert all(part in note for part, note in zip(told, notes, strict=True))


def test_nothing_is_told_where_the_output_stride_stays(run: Path) -> None:
    notes: list[str] = []
    load_predictor(run, settings=["output_stride=16", "faithful=true"], note=notes.append)
    assert notes == []
