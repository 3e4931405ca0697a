import numpy as np
import pytest
import torch

from model.network.deeplab import DeepLab
from model.network.original_names import to_torch, variables_of
from model.network_settings import CellBranch, NetworkSettings

TINY = {"aspp_filters": 8, "decoder_filters": 8, "low_level_filters": 4, "num_classes": 3}


def names_of(**changes):
    with torch.device("meta"):
        network = DeepLab(NetworkSettings(**{**TINY, **changes}))
    return network, variables_of(network)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"variant": "resnet_v1_18"},
        {"variant": "mobilenet_v3_large_seg", "aspp_squeeze_excitation": True},
        {"variant": "xception_41", "decoder_output_stride": (16, 8, 4), "decoder_separable": False},
        {"decoder_sum_merge": True, "aspp_separable": False},
        {"aspp_batch_norm": False, "logits_kernel_size": 3},
    ],
)
def test_every_tensor_but_the_counters_has_a_variable_of_its_own(changes):
    network, names = names_of(**changes)
    tensors = {name for name in network.state_dict() if not name.endswith("num_batches_tracked")}
    assert set(names) == tensors
    assert len(set(names.values())) == len(names)


def test_scopes_are_the_original_s():
    cell = (CellBranch(op="conv", kernel=3, rate=(1, 6)),)
    expected = {
        "mobilenet_v2": "MobilenetV2/expanded_conv_16/depthwise/depthwise_weights",
        "mobilenet_v3_small_seg": "MobilenetV3/expanded_conv/squeeze_excite/Conv_1/biases",
        "resnet_v1_50_beta": "resnet_v1_50/block3/unit_6/bottleneck_v1/conv2/weights",
        "resnet_v1_18": "resnet_v1_18/conv1/BatchNorm/moving_variance",
        "xception_71": "xception_71/entry_flow/block5/unit_1/xception_module/shortcut/weights",
    }
    for variant, variable in expected.items():
        assert variable in names_of(variant=variant)[1].values()
    heads = {
        "decoder/feature_projection0_1/weights": {"decoder_output_stride": (8, 4)},
        "decoder/decoder_conv0/decoder_conv0_2/weights": {"decoder_separable": False},
        "decoder/decoder_split_sep_conv0_depthwise/depthwise_weights": {"decoder_sum_merge": True},
        "meta_architecture/branch0_pointwise/weights": {"dense_prediction_cell": cell},
        "logits/semantic_2/biases": {"aspp_batch_norm": False},
        "decoder/decoder_conv0/biases": {"decoder_is_logits": True, "decoder_sum_merge": True},
    }
    for variable, changes in heads.items():
        assert variable in names_of(**changes)[1].values()


def test_layouts_are_turned_from_tensorflow_s_to_torch_s():
    weights = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    turned = to_torch("a/weights", weights)
    assert turned.shape == (5, 4, 2, 3)
    assert turned[1, 2, 0, 1] == weights[0, 1, 2, 1]
    depthwise = to_torch("a/depthwise_weights", weights[..., :1])
    assert depthwise.shape == (4, 1, 2, 3)
    assert depthwise[3, 0, 1, 2] == weights[1, 2, 3, 0]
    assert to_torch("a/biases", np.arange(3.0)).tolist() == [0, 1, 2]
