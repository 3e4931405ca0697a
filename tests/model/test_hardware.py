import pytest
import torch

from model import hardware
from model.config import RunSettings
from model.hardware import choose_hardware, telling_of_memory
from segdata.errors import UserError


def test_a_precision_that_is_set_is_kept():
    for precision in ("fp32", "bf16"):
        chosen = choose_hardware(RunSettings(precision=precision, threads=1, device="cpu"))
        assert (chosen.precision, chosen.threads) == (precision, 1)
        assert precision in chosen.reason


@pytest.mark.parametrize(
    ("supported", "channels_last", "expected"),
    [(True, True, "bf16"), (True, False, "fp32"), (False, True, "fp32")],
)
def test_bf16_is_chosen_only_where_hardware_multiplies_it(
    monkeypatch, supported, channels_last, expected
):
    monkeypatch.setattr(hardware, "_multiplies_bf16", lambda device: (supported, "the processor"))
    chosen = choose_hardware(RunSettings(channels_last=channels_last, threads=1, device="cpu"))
    assert chosen.precision == expected


def test_a_gpu_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="no GPU"):
        choose_hardware(RunSettings(device="cuda", threads=1))


@pytest.mark.parametrize(("told", "threads"), [("3", 3), ("3,2", 3), ("", 7), ("many", 7)])
def test_threads_are_what_the_environment_allows(told, threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    monkeypatch.setattr(hardware, "usable_cores", lambda: 7)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    assert choose_hardware(RunSettings(device="cpu")).threads == threads
    assert choose_hardware(RunSettings(device="cpu", threads=2)).threads == 2


@pytest.mark.parametrize("name", ["gpu", "mps", "meta", "xpu:0"])
def test_a_device_that_is_none_of_ours_is_told(name):
    with pytest.raises(UserError, match=f"'{name}' is no device"):
        choose_hardware(RunSettings(device=name))


def test_a_gpu_beyond_the_last_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UserError, match=r"device is cuda:9, but the last GPU is cuda:1"):
        choose_hardware(RunSettings(device="cuda:9", threads=1))


GPU_IS_FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has …")


@pytest.mark.parametrize("error", [GPU_IS_FULL, MemoryError(), RuntimeError("std::bad_alloc")])
def test_a_lack_of_memory_is_told_with_its_remedy(error):
    with (
        pytest.raises(UserError, match="does not hold this step: ") as told,
        telling_of_memory("this step", "--set batch_size=1"),
    ):
        raise error
    assert told.value.remedy == "--set batch_size=1"


def test_a_lack_of_memory_on_a_cpu_is_one_too():
    with (
        pytest.raises(UserError, match=r"does not hold this step: .*allocate"),
        telling_of_memory("this step", ""),
    ):
        torch.empty(1 << 50)


def test_an_error_that_speaks_of_memory_may_be_another():
    with pytest.raises(RuntimeError, match="illegal"), telling_of_memory("this step", ""):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
