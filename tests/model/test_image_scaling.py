import pytest
import torch
from torch.nn import functional

from model.network.image_scaling import rescaled


@pytest.mark.parametrize("size", [(1, 1), (4, 9), (13, 5), (7, 7)])
def test_it_is_the_bilinear_resize_with_aligned_corners(size):
    images = torch.rand(2, 3, 7, 6) * 255
    expected = functional.interpolate(images, size=size, mode="bilinear", align_corners=True)
    torch.testing.assert_close(rescaled(images, size), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.tensorflow
@pytest.mark.slow
@pytest.mark.parametrize("size", [(75, 100), (112, 150), (299, 131)])
def test_it_is_tensorflow_s_to_the_last_bit(size):
    tensorflow = pytest.importorskip("tensorflow")
    images = torch.randint(0, 256, (1, 3, 150, 200)).float()
    theirs = tensorflow.compat.v1.image.resize_bilinear(
        images.permute(0, 2, 3, 1).numpy(), size, align_corners=True
    )
    ours = rescaled(images, size).permute(0, 2, 3, 1)
    assert torch.equal(ours, torch.from_numpy(theirs.numpy()))
