"""Evaluation end to end: the original's shards and checkpoint give the original's scores."""

import pytest

from benchmarks import parity
from model.config import RunSettings
from model.hardware import choose_hardware
from model.network_settings import NetworkSettings
from model.prediction.predictor import TrainedPredictor
from segdata.classes import ClassMap, SegClass
from segdata.evaluation import evaluate, predict_items
from segdata.images import read_label, read_photo
from segdata.predictor import PredictionOptions
from segdata.records import decode, scan

CLASS_MAP = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(21)), 255)
# Printed by the original's eval.py with --eval_crop_size=257,481.
OVERALL = 0.0131601486
PER_CLASS = {0: 0.0555340052, 2: 0.0104373759, 4: 0.131430849}


@pytest.fixture(scope="module")
def predictor(shared):
    pytest.importorskip("tensorflow")
    settings = NetworkSettings(
        num_classes=21, atrous_rates=(), decoder_output_stride=None, faithful=True
    )
    variables = parity.variables_in(shared / "parity" / "mobilenet_v2")
    hardware = choose_hardware(RunSettings(precision="fp32", threads=1, device="cpu"))
    network = parity.network_of(settings, variables).eval()
    options = PredictionOptions(crop_size=(257, 481))
    return TrainedPredictor(network, CLASS_MAP, hardware, None, options)


def samples(shared, decoded):
    shards = sorted((shared / "parity" / "tfrecords_original" / "tfrecord").glob("val-*"))
    for shard in shards:
        for offset, data in scan(shard):
            sample = decode(data, f"{shard.name} at byte {offset}")
            yield sample.key, decoded(sample.image), read_label(sample.label)


def by_tensorflow(data):
    import tensorflow as tf

    return tf.io.decode_jpeg(data, channels=3).numpy()


@pytest.mark.slow
def test_scores_of_tensorflow_s_pixels_are_the_original_s(shared, predictor):
    report = evaluate(predict_items(samples(shared, by_tensorflow), predictor), CLASS_MAP)
    assert report.miou == pytest.approx(OVERALL, abs=1e-7)
    for score in report.per_class:
        if score.pixels:
            expected = PER_CLASS.get(score.id, 0.0)
            assert score.iou == pytest.approx(expected, abs=1e-7), score.name


@pytest.mark.slow
def test_scores_of_our_decoder_differ_by_its_pixels_only(shared, predictor):
    # Two decoders of JPEG differ by up to 8 levels, which random weights amplify.
    report = evaluate(predict_items(samples(shared, read_photo), predictor), CLASS_MAP)
    assert report.miou == pytest.approx(0.01100, abs=1e-5)


@pytest.mark.slow
def test_predictions_of_tensorflow_s_pixels_are_those_that_the_original_drew(shared, predictor):
    drawn = shared / "parity" / "eval_original" / "vis" / "raw_segmentation_results"
    differing = []
    for key, image, _ in samples(shared, by_tensorflow):
        theirs = read_label((drawn / f"{key}.png").read_bytes())
        differing.append((predictor.predict(image) != theirs).mean())
    # A pixel in fifty thousand lies between two classes to the last bit of float32.
    assert differing
    assert max(differing) <= 2e-5
