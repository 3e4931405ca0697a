"""Importing: whole checkpoints become ours, others are refused with what differs."""

from __future__ import annotations

import json
import tarfile
import warnings
from pathlib import Path

import checkpoint_files as files
import graph_nodes
import numpy as np
import pytest
import torch

from model import checkpoint as checkpoints
from model.importing.imported import Imported
from model.importing.layout import layout_of
from model.importing.operation import REPORT, ImportRequest, import_checkpoint
from model.importing.places import find
from model.network.deeplab import DeepLab
from model.network_settings import NetworkSettings
from model.prediction.predictor import load_predictor
from model.restoring import newest
from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError

from .conftest import TINY, arrays_of

Arrays = dict[str, np.ndarray]


def imported(path: Path, *assignments: str, partial: bool = False, **more: object) -> Imported:
    request = ImportRequest(
        path=path, out=path.parent / "out", assignments=assignments, partial=partial, **more
    )
    return import_checkpoint(request)


def written(folder: Path, arrays: Arrays) -> Path:
    return files.write_bundle(folder / "model.ckpt", arrays)


def refused(path: Path, *assignments: str) -> UserError:
    with pytest.raises(UserError) as error:
        imported(path, *assignments)
    assert not (path.parent / "out").exists()
    return error.value


def as_graph(folder: Path, arrays: Arrays) -> Path:
    constants = [files.constant(n, a) for n, a in arrays.items() if a.dtype == np.float32]
    (folder / "frozen_inference_graph.pb").write_bytes(files.graph(constants))
    return folder / "frozen_inference_graph.pb"


def test_how_a_graph_resizes_images_is_taken_over_unless_something_else_is_asked_for(
    tmp_path: Path, arrays: Arrays
) -> None:
    weights = [files.constant(n, a) for n, a in arrays.items() if a.dtype == np.float32]
    path = tmp_path / "graph.pb"
    path.write_bytes(files.graph([*weights, *graph_nodes.resizing(97, 161, 16)]))
    data = imported(path).settings.data
    values = (data.min_resize_value, data.max_resize_value, data.resize_factor)
    assert values == (97, 161, 16)
    assert newest(tmp_path / "out").settings.data == data
    again = imported(path, "min_resize_value=65", overwrite=True)
    assert again.settings.data.min_resize_value == 65


def as_archive(folder: Path, arrays: Arrays) -> Path:
    written(folder / "in", arrays)
    with tarfile.open(folder / "deeplab.tar.gz", "w:gz") as archive:
        archive.add(folder / "in", "deeplab")
    return folder / "deeplab.tar.gz"


def as_single_file(folder: Path, arrays: Arrays) -> Path:
    return files.write_single_file(folder / "model.ckpt", arrays)


@pytest.mark.parametrize("form", [written, as_single_file, as_archive, as_graph])
def test_every_kind_of_file_becomes_the_network_that_it_was_made_of(
    tmp_path: Path, tiny: DeepLab, arrays: Arrays, form: object
) -> None:
    result = imported(form(tmp_path, arrays))  # type: ignore[operator]
    assert result.settings.network == tiny.settings
    found = newest(tmp_path / "out")
    state = tiny.state_dict()
    assert set(found.weights) == set(state)
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(found.weights[name], tensor), name


def test_what_was_imported_predicts_as_the_network_does(
    tmp_path: Path, tiny: DeepLab, arrays: Arrays
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (65, 97, 3), dtype=np.uint8)
    imported(written(tmp_path, arrays))
    predictor = load_predictor(tmp_path / "out")
    with torch.inference_mode():
        logits = tiny(torch.from_numpy(image).permute(2, 0, 1)[None])
        wanted = torch.nn.functional.interpolate(
            logits, (65, 97), mode="bilinear", align_corners=True
        )[0]
    assert np.abs(predictor.logits(image) - wanted.numpy()).max() < 1e-5
    assert predictor.settings.network.faithful
    assert predictor.settings.run.precision == "fp32"
    assert predictor.step == 1200


def test_the_report_names_every_variable_once(tmp_path: Path, arrays: Arrays) -> None:
    extra = {"eval/accuracy": np.zeros(3, np.float32)}
    imported(written(tmp_path, {**arrays, **extra}))
    report = json.loads((tmp_path / "out" / REPORT).read_text())
    ignored = (name for names in report["ignored"].values() for name in names)
    named = [*report["used"], *report["unknown"], *ignored]
    assert sorted(named) == sorted({**arrays, **extra})
    assert report["unknown"] == ["eval/accuracy"]
    assert report["ignored"]["step"] == ["global_step"]
    assert len(report["ignored"]["optimizer"]) == sum("Momentum" in name for name in arrays)


MISSING = [
    "logits/semantic/biases",
    "aspp2_pointwise/weights",
    "aspp0/BatchNorm/moving_variance",
    "MobilenetV2/Conv/weights",
    "decoder/decoder_conv1_depthwise/depthwise_weights",
]


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_variable_is_named_and_nothing_is_written(
    tmp_path: Path, arrays: Arrays, name: str
) -> None:
    lost = arrays.pop(name)
    error = refused(written(tmp_path, arrays))
    size = "×".join(map(str, lost.shape))
    assert f"1 missing in the file: {name} ({size}" in error.message
    assert "--partial" in error.remedy


@pytest.mark.parametrize("name", MISSING)
def test_a_misshapen_variable_is_named_with_both_shapes(
    tmp_path: Path, arrays: Arrays, name: str
) -> None:
    shape = arrays[name].shape
    arrays[name] = np.zeros((*shape[:-1], shape[-1] + 1), np.float32)
    error = refused(written(tmp_path, arrays))
    was, wanted = ("×".join(map(str, s)) for s in (arrays[name].shape, shape))
    assert f"1 of another shape: {name} is {was}, not {wanted}" in error.message


def test_a_renamed_variable_is_found_near_by(tmp_path: Path, arrays: Arrays) -> None:
    arrays["aspp0/weight"] = arrays.pop("aspp0/weights")
    error = refused(written(tmp_path, arrays))
    assert "aspp0/weights (1×1×32×8, perhaps aspp0/weight (1×1×32×8))" in error.message
    assert "1 in the file, and not in the network: aspp0/weight" in error.message


def test_names_of_no_part_are_told_where_something_is_missing(
    tmp_path: Path, arrays: Arrays
) -> None:
    renamed = {name.replace("logits/", "my/logits/"): a for name, a in arrays.items()}
    error = refused(written(tmp_path, renamed))
    assert "2 of no part of a network by their names: my/logits/semantic/biases" in error.message
    assert "a head and no logits" in error.remedy


def test_moving_averages_alone_are_told(tmp_path: Path, arrays: Arrays) -> None:
    averages = {
        name if "moving" in name else f"{name}/ExponentialMovingAverage": array
        for name, array in arrays.items()
    }
    assert "moving averages" in refused(written(tmp_path, averages)).remedy


def test_numbers_that_are_no_weights_are_refused(tmp_path: Path, arrays: Arrays) -> None:
    name = "MobilenetV2/Conv/weights"
    whole = refused(written(tmp_path, {**arrays, name: arrays[name].astype(np.int32)}))
    assert "is of int32, which no weights are" in whole.message


def test_numbers_beyond_float32_are_told_in_one_sentence(tmp_path: Path, arrays: Arrays) -> None:
    name = "MobilenetV2/Conv/weights"
    path = written(tmp_path, {**arrays, name: np.full(arrays[name].shape, 1e300)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "not finite" in refused(path).message


def test_a_step_that_is_no_number_is_damage(tmp_path: Path, arrays: Arrays) -> None:
    path = written(tmp_path, {**arrays, "global_step": np.array(np.nan, np.float32)})
    assert "is damaged" in refused(path).message


def test_names_that_a_terminal_would_obey_are_refused(tmp_path: Path, arrays: Arrays) -> None:
    error = refused(written(tmp_path, {**arrays, "x\x1b[31m": np.zeros(2, np.float32)}))
    assert error.message.isprintable()


def test_a_whole_branch_that_is_missing_is_missed(tmp_path: Path, arrays: Arrays) -> None:
    kept = {name: array for name, array in arrays.items() if not name.startswith("aspp3")}
    assert "10 missing in the file" in refused(written(tmp_path, kept)).message


def test_part_of_a_file_is_loaded_only_when_asked_for(
    tmp_path: Path, tiny: DeepLab, arrays: Arrays
) -> None:
    lost = {name for name in arrays if name.startswith("aspp2_depthwise/")}
    path = written(tmp_path, {n: a for n, a in arrays.items() if n not in lost})
    refused(path)
    result = imported(path, partial=True)
    assert (
        len(lost) == len(result.match.missing) + sum("Momentum" in n for n in result.match.used) + 1
    )
    weights, name = newest(tmp_path / "out").weights, "aspp.aspp1_depthwise.conv.weight"
    assert torch.equal(weights[name], tiny.state_dict()[name])
    assert load_predictor(tmp_path / "out").predict(np.zeros((33, 33, 3), np.uint8)).shape == (
        33,
        33,
    )


def test_a_backbone_alone_is_first_weights_and_predicts_nothing(
    tmp_path: Path, arrays: Arrays
) -> None:
    kept = {name: array for name, array in arrays.items() if name.startswith("MobilenetV2/")}
    classifier = {"MobilenetV2/Logits/Conv2d_1c_1x1/biases": np.zeros(1001, np.float32)}
    result = imported(written(tmp_path, {**kept, **classifier}))
    assert result.first_weights_only
    assert result.aside["classifier"] == tuple(classifier)
    with pytest.raises(UserError, match="predicts nothing") as error:
        load_predictor(tmp_path / "out")
    assert "initialization.checkpoint" in error.value.remedy


def test_a_head_without_logits_is_no_whole_model(tmp_path: Path, arrays: Arrays) -> None:
    kept = {n: a for n, a in arrays.items() if not n.startswith("logits/")}
    error = refused(written(tmp_path, kept))
    assert "a head and no logits" in error.remedy


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(
    tmp_path: Path, arrays: Arrays, value: float
) -> None:
    arrays["aspp0/weights"].flat[3] = value
    assert "aspp0/weights" in refused(written(tmp_path, arrays)).message


def test_variances_below_zero_are_refused(tmp_path: Path, arrays: Arrays) -> None:
    arrays["aspp0/BatchNorm/moving_variance"][2] = -1
    assert "variances below zero" in refused(written(tmp_path, arrays)).message


CONTRADICTIONS = {
    "variant=xception_65": "is of mobilenet_v2, and xception_65 was asked for",
    "num_classes=21": "tells 3 classes apart, and 21 were asked for",
    "decoder_output_stride=none": "has a decoder (at stride 4)",
    "decoder_output_stride=8": "reads maps of stride 4, and 8",
    "atrous_rates=[]": "3 atrous branches, and none was asked for",
    "atrous_rates=[6,12]": "3 atrous branches, and 2 rates (6, 12) were asked for",
    "image_pooling=false": "image_pooling = True, and False was asked for",
    "depth_multiplier=0.5": "depth_multiplier = 0.1, and 0.5 was asked for",
    "aspp_separable=false": "aspp_separable = True, and False was asked for",
}


@pytest.mark.parametrize("assignment", CONTRADICTIONS)
def test_a_setting_that_contradicts_the_file_is_explained(
    tmp_path: Path, arrays: Arrays, assignment: str
) -> None:
    error = refused(written(tmp_path, arrays), assignment)
    assert CONTRADICTIONS[assignment] in error.message


def test_another_number_of_classes_leads_to_the_two_settings(
    tmp_path: Path, arrays: Arrays
) -> None:
    message = refused(written(tmp_path, arrays), "num_classes=21").message
    assert "--set initialize_last_layer=false" in message
    assert "--set last_layers_contain_logits_only=true" in message


def test_what_no_file_tells_can_be_set(tmp_path: Path, arrays: Arrays) -> None:
    result = imported(
        written(tmp_path, arrays), "output_stride=8", "atrous_rates=[1,2,3]",
        "image_pooling_crop_size=513,513",
    )  # fmt: skip
    network = result.settings.network
    assert (network.output_stride, network.rates) == (8, (1, 2, 3))
    assert network.image_pooling_crop_size == (513, 513)


def test_rates_that_cannot_be_assumed_are_asked_for(tmp_path: Path) -> None:
    settings = NetworkSettings(depth_multiplier=0.1, num_classes=2, atrous_rates=(1, 2),
                               aspp_filters=8, decoder_output_stride=())  # fmt: skip
    shapes = layout_of(settings).shapes
    path = written(tmp_path, {name: np.ones(shape, np.float32) for name, shape in shapes.items()})
    assert "2 atrous branches" in refused(path).message
    assert imported(path, "atrous_rates=[1,2]").settings.network.rates == (1, 2)


def test_classes_get_the_names_that_were_given(tmp_path: Path, arrays: Arrays) -> None:
    names = ClassMap((SegClass(0, "sky"), SegClass(1, "road"), SegClass(2, "car")), ignore=255)
    path = written(tmp_path, arrays)
    imported(path, class_map=names)
    assert newest(tmp_path / "out").class_map == names
    with pytest.raises(UserError, match="tells 3 classes apart, and 2 were given"):
        imported(path, class_map=ClassMap(names.classes[:2]))


def test_nothing_is_written_into_a_folder_of_the_user_s(tmp_path: Path, arrays: Arrays) -> None:
    path = written(tmp_path, arrays)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        imported(path)
    assert imported(path, overwrite=True).checkpoint.is_dir()
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_no_folder_takes_the_name_of_a_checkpoint(tmp_path: Path, arrays: Arrays) -> None:
    path = written(tmp_path, arrays)
    with pytest.raises(UserError, match="is the name of a checkpoint already"):
        import_checkpoint(ImportRequest(path=path, out=path))
    assert not path.exists()


def test_a_checkpoint_of_another_step_is_not_hidden_behind_an_import(
    tmp_path: Path, arrays: Arrays
) -> None:
    imported(written(tmp_path, arrays))
    arrays["global_step"] = np.array(5, np.int64)
    with pytest.raises(UserError, match="holds step-00001200, which is another checkpoint"):
        imported(written(tmp_path, arrays), overwrite=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"step-00001200", REPORT}


def test_an_import_can_be_imported_again(tmp_path: Path, arrays: Arrays) -> None:
    imported(written(tmp_path, arrays))
    again = import_checkpoint(ImportRequest(path=tmp_path / "out", out=tmp_path / "again"))
    first, second = newest(tmp_path / "out"), newest(tmp_path / "again")
    assert again.settings == first.settings
    assert all(torch.equal(first.weights[n], t) for n, t in second.weights.items())
    assert find(tmp_path / "again" / "step-00001200" / checkpoints.WEIGHTS).kind == "ours"


def without_branches() -> Arrays:
    """As the original's released MobileNets: image pooling and a 1×1 branch, no rates."""
    settings = TINY.model_copy(update={"atrous_rates": (), "decoder_output_stride": ()})
    return arrays_of(DeepLab(settings))


@pytest.mark.parametrize("to_predict", [True, False])
def test_rates_for_a_file_without_branches_are_refused_in_the_command_s_words(
    tmp_path: Path, to_predict: bool
) -> None:
    path = written(tmp_path, without_branches())
    with pytest.raises(UserError, match="has no atrous branches") as error:
        imported(path, "atrous_rates=6,12,18", to_predict=to_predict)
    assert "leave atrous_rates out" in error.value.message
    assert ("--partial" in error.value.remedy) is not to_predict


def test_a_misfit_is_no_reason_to_draw_weights_for_a_prediction(
    tmp_path: Path, arrays: Arrays
) -> None:
    del arrays["logits/semantic/biases"]
    with pytest.raises(UserError, match="does not fit") as error:
        imported(written(tmp_path, arrays), to_predict=True)
    assert error.value.remedy == "fetch the file again if it should be whole"


def test_rates_follow_an_output_stride_that_is_asked_for(tmp_path: Path, arrays: Arrays) -> None:
    result = imported(written(tmp_path, arrays), "output_stride=8")
    assert result.settings.network.rates == (12, 24, 36)
    assert any("6, 12, 18 become 12, 24, 36" in note for note in result.notes)
