"""What an exported file holds is what the predictor does."""

import numpy as np
import pytest
import torch

from model.exporting import Interface
from model.exporting.deployed import Deployed
from model.prediction.predictor import load_predictor
from segdata.errors import UserError
from segdata.predictor import PredictionOptions

from .conftest import lively, photo, saved

LOOKS = PredictionOptions(scales=(0.5, 1.0), flip=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(lively(), tmp_path_factory.mktemp("checkpoint"))


def deployed(**interface):
    return Deployed(lively(), Interface(**interface))


@pytest.mark.parametrize("size", [(1, 1), (33, 49), (40, 64), (50, 37)])
@pytest.mark.parametrize(
    "options",
    [
        PredictionOptions(),
        LOOKS,
        PredictionOptions(crop_size=(33, 65)),
        PredictionOptions(crop_size=(48, 40)),
    ],
    ids=["plain", "looks", "crop", "crop of no k·16+1"],
)
def test_with_preprocessing_a_photo_gives_what_the_predictor_gives(folder, size, options):
    image = photo(*size)
    predictor = load_predictor(folder, options=options)
    network = predictor.network
    for output, expected in {
        "ids": predictor.predict(image),
        "logits": predictor.logits(image),
        "probabilities": predictor.probabilities(image),
    }.items():
        module = Deployed(network, Interface(preprocess=True, output=output, options=options))
        with torch.inference_mode():
            found = module(module.interface.image(image))[0].numpy()
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_without_preprocessing_it_is_the_bare_network():
    module = deployed()
    images = module.interface.image(photo(35, 50), batch=2)
    assert images.shape == (2, 3, 35, 50)
    assert images.dtype == torch.float32
    with torch.inference_mode():
        assert torch.equal(module(images), module.network(images))


def test_more_than_256_classes_need_wider_ids():
    module = deployed(preprocess=True, output="ids")
    assert module._read(torch.rand(1, 256, 2, 2)).dtype == torch.uint8
    assert module._read(torch.rand(1, 257, 2, 2)).dtype == torch.int32


def test_the_mean_pixel_pads_where_an_image_is_smaller():
    module = deployed(preprocess=True)
    padded = module._padded(torch.full((1, 2, 3, 3), 200, dtype=torch.uint8), (4, 5))
    assert padded.shape == (1, 3, 4, 5)
    assert (padded[..., :2, :3] == 200).all()
    assert (padded[..., 2:, :] == 127.5).all()
    assert (padded[..., 3:] == 127.5).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"output": "ids"}, "does not give ids"),
        ({"options": LOOKS}, "does not look at other scales or at the mirrored image"),
        ({"options": PredictionOptions(crop_size=(33, 33))}, "does not pad to a crop size"),
        ({"size": (0, 5), "preprocess": True}, "no height and width"),
        ({"options": PredictionOptions(tile=97), "preprocess": True}, "heeds tile"),
        ({"options": PredictionOptions(precision="bf16")}, "heeds precision"),
        ({"options": PredictionOptions(upsampled_logits=False)}, "heeds upsampled_logits"),
    ],
)
def test_what_does_not_go_together_is_refused(wrong, said):
    with pytest.raises(UserError, match=said) as raised:
        Interface(**wrong)
    assert raised.value.remedy
