import numpy as np
import pytest
import torch

from model.calibration import recalibrate
from model.config import RunSettings
from model.deeplab import DeepLab
from model.hardware import choose_hardware
from model.prediction import load_predictor
from model.training import train
from segdata.errors import UserError
from segdata.predictor import Predictor

from .conftest import CLASSES, picture


@pytest.fixture(scope="module")
def run(shards, tmp_path_factory):
    from model.config import TrainSettings

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
    "image",
    [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3), np.float32)],
)
def test_what_is_no_rgb_image_is_refused(run, image):
    with pytest.raises(UserError, match="uint8 H×W×3"):
        load_predictor(run).predict(image)


def test_a_checkpoint_is_found_by_any_of_its_paths(run):
    photo, _ = picture(3)
    expected = load_predictor(run).logits(photo)
    newest = run / "checkpoints" / "step-00000060"
    for path in (run / "checkpoints", newest, newest / "weights.safetensors", str(run)):
        assert np.array_equal(load_predictor(path).logits(photo), expected)


def test_what_holds_no_checkpoint_is_said(tmp_path):
    with pytest.raises(UserError, match="holds no checkpoint"):
        load_predictor(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        load_predictor(tmp_path / "nothing")


def test_predicting_leaves_a_network_in_training_as_it_was(run):
    predictor = load_predictor(run)
    predictor.network.train()
    before = {k: v.clone() for k, v in predictor.network.state_dict().items()}
    predictor.predict(picture(0)[0])
    assert predictor.network.training
    after = predictor.network.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_recalibration_measures_the_statistics_of_the_batches(settings):
    from model.data import Batch

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
