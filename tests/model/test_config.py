import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import TrainSettings, demo_settings
from model.crops import aligned, choose_crop_size
from model.network_settings import NetworkSettings
from segdata.errors import UserError


def test_settings_survive_json():
    settings = TrainSettings().updated(["seed=7", "crop_size=321,513", "class_weights=1,2.5"])
    assert TrainSettings.model_validate_json(settings.model_dump_json()) == settings
    assert json.loads(settings.model_dump_json())["data"]["crop_size"] == [321, 513]


def test_rates_follow_the_output_stride():
    rates = {stride: NetworkSettings(output_stride=stride).rates for stride in (8, 16, 32)}
    assert rates == {8: (12, 24, 36), 16: (6, 12, 18), 32: (3, 6, 9)}
    assert NetworkSettings(atrous_rates=()).rates == ()


@pytest.mark.parametrize(
    ("assignment", "group", "field", "value"),
    [
        ("seed=7", "run", "seed", 7),
        ("optimizer.base_learning_rate=0.01", "optimizer", "base_learning_rate", 0.01),
        ("base_learning_rate=1", "optimizer", "base_learning_rate", 1.0),
        ("variant=xception_65", "network", "variant", "xception_65"),
        ("crop_size=[65,97]", "data", "crop_size", (65, 97)),
        ("crop_size=65, 97", "data", "crop_size", (65, 97)),
        ("decoder_output_stride=None", "network", "decoder_output_stride", ()),
        ("decoder_output_stride=4", "network", "decoder_output_stride", (4,)),
        ("decoder_output_stride=8,4", "network", "decoder_output_stride", (8, 4)),
        ("flip=False", "data", "flip", False),
        ("atrous_rates=5", "network", "atrous_rates", (5,)),
        ("atrous_rates=[]", "network", "atrous_rates", ()),
        ("class_weights=balanced", "loss", "class_weights", "balanced"),
        ("class_weights=none", "loss", "class_weights", "none"),
        ("class_weights=1,2.5", "loss", "class_weights", (1.0, 2.5)),
        ("split=2012", "data", "split", "2012"),
        ("initialization.checkpoint=2024", "initialization", "checkpoint", "2024"),
        ("checkpoint=none", "initialization", "checkpoint", None),
    ],
)
def test_assignments_are_read_as_people_write_them(assignment, group, field, value):
    settings = TrainSettings().updated([assignment])
    assert getattr(getattr(settings, group), field) == value


def test_all_mistakes_are_named_at_once_with_the_nearest_key():
    with pytest.raises(UserError) as error:
        TrainSettings().updated(["sed=7", "optimizer.momentun=1", "steps=0", "flip", "min_scale=9"])
    for part in ("'seed'", "'optimizer.momentum'", "run.steps = 0", "flip=VALUE", "max_scale 2.0"):
        assert part in error.value.message


@pytest.mark.parametrize(
    "assignment",
    ["base_learning_rate=Infinity", "base_learning_rate=NaN", f"seed={1 << 63}", "seed=-1"],
)
def test_numbers_that_nothing_can_be_computed_with_are_refused(assignment):
    with pytest.raises(UserError, match=assignment.partition("=")[0]):
        TrainSettings().updated([assignment])


def test_a_wrong_type_is_refused_not_converted():
    with pytest.raises(UserError, match=r"run\.steps"):
        TrainSettings().updated(["steps=many"])
    with pytest.raises(UserError, match="Xception"):
        TrainSettings().updated(["variant=xception_65", "depth_multiplier=0.5"])


def test_settings_load_without_torch():
    code = "import sys, model, model.config, model.crops; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.integers(1, 3000), st.sampled_from([8, 16, 32]))
def test_an_aligned_length_is_the_least_that_holds_the_image(length, stride):
    result = aligned(length, stride)
    assert result % stride == 1
    assert length <= result
    assert result - stride < length or result == stride + 1


def test_the_crop_for_299_is_305_and_says_why():
    choice = choose_crop_size([(299, 299)], 16)
    assert choice.size == (305, 305)
    assert "k·16+1" in choice.reason
    assert "299×299" in choice.reason


def test_the_crop_holds_the_largest_image_up_to_a_limit():
    assert choose_crop_size([(100, 300), (200, 50)], 16).size == (209, 305)
    assert choose_crop_size([(1024, 2048)], 16).size == (513, 513)
    assert "memory" in choose_crop_size([(1024, 2048)], 16).reason


def test_the_demo_s_settings_are_valid_and_leave_the_data_to_decide():
    settings = demo_settings()
    assert TrainSettings.model_validate_json(settings.model_dump_json()) == settings
    assert settings.data.crop_size is None
    assert settings.network.num_classes is None


def test_a_setting_is_proposed_only_where_one_is_near():
    with pytest.raises(UserError) as error:
        TrainSettings().updated(["nonsense=1"])
    assert error.value.message == "there is no setting 'nonsense'"
    assert "docs/training-settings.md" in error.value.remedy


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Mobilenet_V2",
            "there is no variant Mobilenet_V2; the nearest is mobilenet_v2. There are",
        ),
        ("xception65", "the nearest is xception_65"),
        ("nas_hnasnet", "nas_hnasnet is a backbone of the original that is not built here"),
        ("mobilenet_edgetpu", "that is not built here; there are mobilenet_v2, "),
    ],
)
def test_a_variant_that_is_not_there_is_told_with_those_that_are(said, told):
    with pytest.raises(UserError) as error:
        TrainSettings().updated([f"variant={said}"])
    assert told in error.value.message
    assert "xception_71" in error.value.message
