import gc
import weakref
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from benchmarks import parity
from model import checkpoint as checkpoints
from model.checkpoint import Checkpoint
from model.config import DataSettings, RunSettings, TrainSettings
from model.hardware import choose_hardware
from model.network.deeplab import DeepLab
from model.network.layers import resize
from model.network_settings import NetworkSettings
from model.prediction import scoring
from model.prediction.memory import Budget, MemoryMeter
from model.prediction.predictor import TrainedPredictor, load_predictor
from model.training.calibration import recalibrate
from model.training.loop import train
from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.predictor import PredictionOptions, Predictor

from .conftest import CLASSES, picture


@pytest.fixture(scope="module")
def run(shards, tmp_path_factory):
    settings = TrainSettings().updated(
        [
            "depth_multiplier=0.1",
            "aspp_filters=8",
            "decoder_filters=8",
            "crop_size=33,49",
            "batch_size=4",
            "steps=60",
            "base_learning_rate=0.03",
            "precision=fp32",
            "threads=1",
        ]
    )
    out = tmp_path_factory.mktemp("runs") / "run"
    train(shards, out, settings)
    return out


def test_a_run_predicts_what_it_learned(run):
    predictor = load_predictor(run)
    assert isinstance(predictor, Predictor)
    assert predictor.class_map == CLASSES
    assert predictor.step == 60
    assert predictor.settings.network.num_classes == 3
    photo, label = picture(100)
    predicted = predictor.predict(photo)
    counted = label != 255
    assert (predicted == label)[counted].mean() > 0.6


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (17, 33), (40, 50), (129, 64)])
def test_any_size_is_predicted_at_its_own_size(run, size):
    predictor = load_predictor(run)
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    label = predictor.predict(image)
    assert label.shape == size
    assert label.dtype == np.uint8
    logits = predictor.logits(image)
    assert logits.shape == (3, *size)
    assert logits.dtype == np.float32
    assert np.array_equal(logits.argmax(axis=0), label)


def test_a_batch_of_different_sizes_equals_one_by_one(run):
    predictor = load_predictor(run)
    rng = np.random.default_rng(1)
    sizes = [(20, 30), (40, 50), (20, 30), (5, 5)]
    images = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    together = predictor.predict_batch(images)
    for image, label in zip(images, together, strict=True):
        assert label.shape == image.shape[:2]
        # Convolutions over more images may sum in another order: ties alone may differ.
        assert (predictor.predict(image) == label).mean() > 0.999


@pytest.mark.parametrize(
    ("shape", "kind", "remedy"),
    [
        ((5, 6), np.uint8, "numpy.dstack([image] * 3)"),
        ((5, 6, 1), np.uint8, "numpy.dstack([image] * 3)"),
        ((5, 6, 2), np.uint8, "read_photo"),
        ((5, 6, 4), np.uint8, "image[..., :3]"),
        ((3, 5, 6), np.uint8, "image.transpose(1, 2, 0)"),
        ((2, 5, 6, 3), np.uint8, "predict_batch"),
        ((0, 6, 3), np.uint8, "read_photo"),
        ((5, 6, 3), np.uint16, "(image // 257).astype(numpy.uint8)"),
        ((5, 6, 3), np.float32, "(255 * image)"),
        ((5, 6, 3), np.int64, "image.astype(numpy.uint8)"),
        ((5, 6, 3), np.bool_, "read_photo"),
    ],
)
def test_what_is_no_rgb_image_is_refused_with_how_to_make_one(shape, kind, remedy):
    with pytest.raises(UserError, match="uint8 H×W×3") as told:
        tiny().predict(np.zeros(shape, kind))
    assert remedy in told.value.remedy


def test_however_an_image_lies_in_memory_it_is_the_same_image():
    predictor, image = tiny(), random_image(40, 50)
    read_only = image.copy()
    read_only.flags.writeable = False
    for seen in (read_only, np.asfortranarray(image), image[::2, ::-3], image[::-1, :, ::-1]):
        assert np.array_equal(predictor.predict(seen), predictor.predict(seen.copy()))


def test_a_batch_may_be_any_iterable():
    predictor, images = tiny(), [random_image(20, 30), random_image(17, 9)]
    expected = predictor.predict_batch(images)
    found = predictor.predict_batch(image for image in images)
    assert all(map(np.array_equal, found, expected))
    assert predictor.predict_batch([]) == []


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (PIL.Image.new("RGB", (5, 5)), "not PIL.Image.Image"),
        ("photo.jpg", "not str"),
        (Path("photo.jpg"), "Path"),
        ([[[0, 0, 0]]], "not list"),
        (None, "not NoneType"),
    ],
)
def test_what_is_no_array_is_refused_with_how_to_make_one(image, words):
    predictor = tiny()
    for ask in (predictor.predict, predictor.logits, predictor.probabilities):
        with pytest.raises(UserError, match=words) as told:
            ask(image)
        assert "numpy.asarray" in told.value.remedy


@pytest.mark.parametrize(
    "options",
    [
        {"scales": 0.5},
        {"scales": ("a",)},
        {"scales": (0.5, -1)},
        {"scales": ()},
        {"crop_size": 5},
        {"crop_size": (5,)},
        {"crop_size": (0, 5)},
        {"tile": "x"},
        {"tile": 0},
        {"tile": True},
        {"flip": "no"},
        {"upsampled_logits": 1},
        {"precision": "half"},
    ],
    ids=str,
)
def test_options_of_another_kind_are_refused_where_they_are_made(options):
    with pytest.raises(UserError) as told:
        PredictionOptions(**options)
    (value,) = options.values()
    assert str(value) in told.value.message or "above 0" in told.value.message


def test_lists_of_numbers_are_as_good_as_tuples():
    assert PredictionOptions(scales=[0.5, 1], crop_size=[5, 7]) == PredictionOptions(
        scales=(0.5, 1.0), crop_size=(5, 7)
    )


def test_a_checkpoint_is_found_by_any_of_its_paths(run):
    photo, _ = picture(3)
    expected = load_predictor(run).logits(photo)
    newest = run / "checkpoints" / "step-00000060"
    for path in (run / "checkpoints", newest, newest / "weights.safetensors", str(run)):
        assert np.array_equal(load_predictor(path).logits(photo), expected)


def test_what_holds_no_checkpoint_is_said(tmp_path):
    with pytest.raises(UserError, match="holds no checkpoint"):
        load_predictor(tmp_path)
    with pytest.raises(UserError, match="there is no checkpoint"):
        load_predictor(tmp_path / "nothing")


def test_predicting_leaves_a_network_in_training_as_it_was(run):
    predictor = load_predictor(run)
    predictor.network.train()
    before = {k: v.clone() for k, v in predictor.network.state_dict().items()}
    predictor.predict(picture(0)[0])
    assert predictor.network.training
    after = predictor.network.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def random_image(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def tiny(options=None, data=None, **network):
    """A predictor with random weights of a small network."""
    fields = {"depth_multiplier": 0.1, "aspp_filters": 8, "decoder_filters": 8, "num_classes": 3}
    torch.manual_seed(0)
    settings = NetworkSettings(**fields | network)
    hardware = choose_hardware(RunSettings(precision="fp32", threads=1, device="cpu"))
    made = TrainedPredictor(DeepLab(settings), CLASSES, hardware, None, options)
    if data is not None:
        trained = TrainSettings(network=settings, data=data)
        checkpoint = Checkpoint(1, trained, CLASSES, "", made.network.state_dict())
        made = TrainedPredictor(made.network, CLASSES, hardware, checkpoint, options)
    return made


@pytest.mark.parametrize(
    "options",
    [
        PredictionOptions(),
        PredictionOptions(scales=(0.5, 1.0), flip=True),
        PredictionOptions(tile=97),
        PredictionOptions(upsampled_logits=False),
    ],
)
def test_ids_logits_and_probabilities_agree(options):
    predictor, image = tiny(options), random_image(130, 150)
    logits, probabilities = predictor.logits(image), predictor.probabilities(image)
    assert logits.shape == probabilities.shape == (3, 130, 150)
    assert logits.dtype == probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, atol=1e-5)
    softmax = torch.from_numpy(logits).softmax(dim=0).numpy()
    np.testing.assert_allclose(softmax, probabilities, atol=1e-5)
    assert np.array_equal(logits.argmax(axis=0), predictor.predict(image))


def test_several_looks_are_the_mean_of_each():
    image = random_image(60, 70)
    alone = [tiny(PredictionOptions(scales=(s,))).probabilities(image) for s in (0.5, 1.75)]
    both = tiny(PredictionOptions(scales=(0.5, 1.75))).probabilities(image)
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=1e-6)


def test_a_mirrored_look_counts_with_the_single_scale_1_too():
    # Unlike in the original. At k·16+1 there is no padding, which is mirrored with the image.
    image = random_image(49, 65)
    plain = tiny().probabilities(image)
    mirrored = tiny().probabilities(np.ascontiguousarray(image[:, ::-1]))[..., ::-1]
    flipped = tiny(PredictionOptions(flip=True)).probabilities(image)
    np.testing.assert_allclose(flipped, (plain + mirrored) / 2, atol=1e-6)


def test_looks_share_the_weights_of_the_network():
    predictor, image = tiny(PredictionOptions(scales=(0.5,))), random_image(40, 40)
    before = predictor.logits(image)
    with torch.no_grad():
        for weight in predictor.network.parameters():
            weight.mul_(1.1)
    assert not np.allclose(predictor.logits(image), before)


def test_images_are_padded_with_the_networks_own_mean_in_float():
    seen = []
    for variant, width, mean in (
        ("mobilenet_v2", 0.1, (127.5,) * 3),
        ("resnet_v1_50", 1.0, (123.15, 115.9, 103.06)),
    ):
        predictor = tiny(variant=variant, depth_multiplier=width)
        predictor.network.register_forward_pre_hook(lambda _, images: seen.append(images[0]))
        predictor.predict(random_image(20, 20))
        assert seen[-1].shape == (1, 3, 33, 33)
        padding = seen[-1][0, :, 20:].reshape(3, -1)
        np.testing.assert_array_equal(padding.T, np.float32([mean] * padding.shape[1]))


def test_tiles_are_close_to_the_whole_image_and_show_no_seams(run):
    whole = load_predictor(run, options=PredictionOptions(tile="whole"))
    tiles = load_predictor(run, options=PredictionOptions(tile=129))
    photo = np.tile(picture(7)[0], (9, 8, 1))
    assert len(tiles.plan(*photo.shape[:2]).tiling) == 20
    assert (whole.predict(photo) == tiles.predict(photo)).mean() > 0.9
    # A seam would be a jump of the scores where a tile ends and no edge of the photo is.
    flat = np.full((400, 400, 3), 90, np.uint8)
    jumps = [
        np.abs(np.diff(p.logits(flat), axis=2))[:, 50:-50, 50:-50].max() for p in (whole, tiles)
    ]
    assert jumps[1] < jumps[0] + 0.1


def test_tiles_are_chosen_where_memory_is_short(run, monkeypatch):
    monkeypatch.setattr(MemoryMeter, "budget", lambda self: Budget(100, 100 * 300_000))
    predictor = load_predictor(run)
    plan = predictor.plan(600, 1100)
    assert plan.tile == (369, 465)
    assert plan.reason.startswith("6 tiles of 369×465: whole it would take about 0.1 GB")
    seen = []
    predictor.network.register_forward_pre_hook(lambda _, images: seen.append(images[0].shape))
    assert predictor.predict(random_image(600, 1100)).shape == (600, 1100)
    assert seen == [(1, 3, 369, 465)] * 6


def test_a_network_s_memory_is_measured_for_a_large_image(run):
    predictor = load_predictor(run)
    assert predictor.plan(700, 700).reason.startswith("whole: it takes about 0.")


def test_large_images_are_enlarged_band_by_band_as_at_once(monkeypatch):
    predictor, image = tiny(), random_image(100, 80)
    labels, logits = predictor.predict(image), predictor.logits(image)
    monkeypatch.setattr("model.prediction.score_map._BAND", 3 * 97 * 7)
    assert np.array_equal(predictor.predict(image), labels)
    np.testing.assert_allclose(predictor.logits(image), logits, atol=1e-5)


def test_ids_before_enlarging_are_the_nearest_of_the_map():
    predictor = tiny(PredictionOptions(upsampled_logits=False))
    image = random_image(33, 49)
    coarse = predictor.network.eval()(torch.from_numpy(image).permute(2, 0, 1)[None])
    ids = coarse.argmax(dim=1)[0].numpy()
    # Place i of the map lies at pixel 4·i; halves up.
    rows, columns = (np.arange(33) + 2) // 4, (np.arange(49) + 2) // 4
    assert np.array_equal(predictor.predict(image), ids[rows[:, None], columns])


def test_a_network_of_resized_images_sees_them_resized():
    data = DataSettings(min_resize_value=33, max_resize_value=65, resize_factor=16)
    image = random_image(80, 100)
    small = resize(torch.from_numpy(image).permute(2, 0, 1)[None].float(), (33, 49))
    for faithful in (False, True):
        predictor = tiny(data=data, faithful=faithful)
        assert predictor.plan(80, 100).size == (33, 49)
        scores = resize(predictor.network.eval()(small), (33, 49))[0].detach()
        if faithful:  # the original resizes ids, to the nearest
            rows = np.floor(np.arange(80) * 32 / 79 + 0.5).astype(int)
            columns = np.floor(np.arange(100) * 48 / 99 + 0.5).astype(int)
            expected = scores.argmax(dim=0).numpy()[rows[:, None], columns]
        else:
            expected = resize(scores[None], (80, 100))[0].argmax(dim=0).numpy()
        assert (predictor.predict(image) == expected).mean() > 0.999
        assert predictor.logits(image).shape == (3, 80, 100)


def test_memory_that_does_not_hold_a_prediction_is_told(monkeypatch):
    def forward(images):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes")

    predictor = tiny()
    monkeypatch.setattr(predictor.network, "forward", forward)
    with pytest.raises(UserError, match="the memory does not hold this prediction") as told:
        predictor.predict(random_image(20, 20))
    assert "--tile 513" in told.value.remedy


def test_any_other_error_of_a_network_is_none_of_memory(monkeypatch):
    def forward(images):
        raise RuntimeError("shapes differ")

    predictor = tiny()
    monkeypatch.setattr(predictor.network, "forward", forward)
    with pytest.raises(RuntimeError, match="shapes differ"):
        predictor.predict(random_image(20, 20))


def test_more_than_256_channels_are_16_bit_ids():
    predictor = tiny(num_classes=300)
    with torch.no_grad():
        predictor.network.logits.semantic.conv.bias[299] = 1e6
    label = predictor.predict(random_image(20, 20))
    assert label.dtype == np.uint16
    assert (label == 299).all()


@pytest.mark.parametrize("trained", ["auto", "bf16", "fp32"])
@pytest.mark.parametrize("multiplies", [True, False])
def test_the_options_alone_say_in_what_a_network_calculates(
    trained, multiplies, tmp_path, monkeypatch
):
    monkeypatch.setattr("model.hardware._multiplies_bf16", lambda device: (multiplies, "it"))
    network = tiny().network
    settings = TrainSettings(network=network.settings, run=RunSettings(precision=trained))
    folder = tmp_path / "checkpoints"
    checkpoints.save(folder, Checkpoint(1, settings, CLASSES, "", network.state_dict()))

    def precision(**options):
        return load_predictor(tmp_path, "cpu", PredictionOptions(**options)).precision

    assert load_predictor(tmp_path, "cpu").precision == "fp32"
    assert precision(precision="bf16") == "bf16"
    assert precision(precision="auto") == ("bf16" if multiplies else "fp32")


def test_by_default_a_network_that_was_trained_in_bf16_gives_the_numbers_of_float32(tmp_path):
    exact, image = tiny(), random_image(50, 60)
    run = RunSettings(precision="bf16", threads=1)
    settings = TrainSettings(network=exact.network.settings, run=run)
    saved = Checkpoint(1, settings, CLASSES, "", exact.network.state_dict())
    checkpoints.save(tmp_path, saved)
    wanted = exact.logits(image)

    def error(**options):
        found = load_predictor(tmp_path, "cpu", PredictionOptions(**options)).logits(image)
        return np.abs(found - wanted).max() / np.abs(wanted).max()

    assert error() < 1e-4
    assert error(precision="bf16") > 1e-3


def test_float32_is_not_rounded_to_tf32_where_it_predicts(monkeypatch):
    seen = []
    predictor = tiny()
    predictor.network.register_forward_pre_hook(
        lambda *_: seen.append(torch.backends.cudnn.allow_tf32)
    )
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    predictor.predict(random_image(20, 20))
    assert seen == [False]
    assert torch.backends.cudnn.allow_tf32


def test_of_several_threads_the_last_one_turns_tf32_on_again(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    first, second = scoring._all_bits(), scoring._all_bits()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not torch.backends.cudnn.allow_tf32
    second.__exit__(None, None, None)
    assert torch.backends.cudnn.allow_tf32


def test_a_network_goes_with_its_predictor():
    gc.disable()
    try:
        predictor = tiny()
        network = weakref.ref(predictor.network)
        del predictor
        assert network() is None
    finally:
        gc.enable()


@pytest.fixture(scope="module")
def original(shared):
    """The original's MobileNetV2 checkpoint, and a maker of predictors."""
    pytest.importorskip("tensorflow")
    folder = shared / "parity" / "mobilenet_v2"
    settings = NetworkSettings(
        num_classes=21, atrous_rates=(), decoder_output_stride=None, faithful=True
    )
    network = parity.network_of(settings, parity.variables_in(folder)).eval()
    class_map = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(21)), 255)
    hardware = choose_hardware(RunSettings(precision="fp32", threads=1, device="cpu"))

    def predictor(**options):
        return TrainedPredictor(network, class_map, hardware, None, PredictionOptions(**options))

    return folder, predictor


@pytest.mark.slow
def test_scales_and_flips_are_averaged_as_in_the_original(original):
    folder, predictor = original
    fixture = np.load(folder / "ms_flip_0.5_1.0_1.75_129x129.npz")
    several = predictor(scales=(0.5, 1.0, 1.75), flip=True)
    # The original exports the softmax of the mean probabilities.
    again = torch.from_numpy(several.probabilities(fixture["image"])).softmax(dim=0)
    exported = again[:, ::2, ::2].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(exported, fixture["prob_as_exported_stride2"], atol=2e-6)
    assert np.array_equal(several.predict(fixture["image"]), fixture["pred"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tag", "crop"),
    [
        ("os16_161x257", None),
        ("os16_even_150x200", (150, 200)),
        ("os16_padded_100x120_to_129x129", (129, 129)),
    ],
)
def test_ids_are_the_original_s(original, tag, crop):
    folder, predictor = original
    fixture = np.load(folder / f"{tag}.npz")
    image = fixture["image"]
    height, width = image.shape[:2]
    predicted = predictor(crop_size=crop)
    assert (predicted.predict(image) == fixture["pred"][:height, :width]).mean() > 0.999
    logits = predicted.logits(image).transpose(1, 2, 0)[::4, ::4]
    expected = fixture["logits_resized_stride4"][: logits.shape[0], : logits.shape[1]]
    np.testing.assert_allclose(logits, expected, atol=1e-3)


def test_recalibration_measures_the_statistics_of_the_batches(settings):
    from model.training.data import Batch

    network = DeepLab(settings.network.model_copy(update={"num_classes": 3}))
    images = torch.randint(0, 256, (4, 3, 33, 33), dtype=torch.uint8)
    batch = Batch(images, torch.zeros(4, 33, 33, dtype=torch.int64), ("a",) * 4)
    hardware = choose_hardware(RunSettings(precision="fp32", threads=1))
    recalibrate(network, [batch] * 2, hardware)
    norm = network.backbone.Conv.batch_norm
    features = network.backbone.Conv._convolved(images * (2 / 255) - 1)
    torch.testing.assert_close(norm.running_mean, features.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(norm.running_var, features.var((0, 2, 3)), rtol=1e-3, atol=1e-4)
    assert norm.momentum == 0.1
