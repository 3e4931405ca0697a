import threading
from contextlib import closing

import cv2
import numpy as np
import pytest
import torch

from model.config import DataSettings
from model.training.augment import MEAN_PIXEL, NO_LABEL
from model.training.data import SplitRecords, TrainingData
from model.training.sampler import Sampler
from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.manifest import ShardManifest

from .conftest import CLASSES, IGNORE, picture, write_shards


def records_of(folder, split="train"):
    return SplitRecords(folder, ShardManifest.load(folder), split)


def batches(folder, steps=6, **changes):
    split = records_of(folder)
    settings = DataSettings(batch_size=4, **changes)
    data = TrainingData(split, settings, (33, 49), Sampler(len(split), 1))
    return list(data.batches(0, steps))


def test_records_come_back_as_they_were_written(shards):
    records = records_of(shards)
    assert len(records) == 7
    for index in range(7):
        photo, label = picture(index)
        assert records[index].key == f"train_{index}"
        assert np.array_equal(records[index].image, photo)
        assert np.array_equal(records[index].label, label)


def test_a_batch_is_channels_last_uint8_with_small_labels(shards):
    batch = batches(shards)[0]
    assert batch.images.shape == (4, 3, 33, 49)
    assert batch.images.dtype == torch.uint8
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert batch.labels.shape == (4, 33, 49)
    assert batch.labels.dtype == torch.int32
    assert set(batch.labels.unique().tolist()) <= {0, 1, 2, IGNORE}


@pytest.mark.parametrize("workers", [1, 3])
def test_what_is_drawn_does_not_depend_on_workers_or_on_where_it_begins(shards, workers):
    expected = batches(shards)
    split = records_of(shards)
    settings = DataSettings(batch_size=4, workers=workers)
    data = TrainingData(split, settings, (33, 49), Sampler(len(split), 1))
    resumed = list(data.batches(2, 6))
    for a, b in zip(expected[2:], resumed, strict=True):
        assert a.keys == b.keys
        assert torch.equal(a.images, b.images)
        assert torch.equal(a.labels, b.labels)


def test_a_label_outside_the_classes_is_refused_with_its_record(tmp_path):
    photo, label = picture(0)
    label[5, 5] = 7
    folder = write_shards(tmp_path, {"train": [picture(1), (photo, label)]})
    records = records_of(folder)
    assert records[0].key == "train_0"
    with pytest.raises(UserError, match=r"train_1 \(train-00000-of-00001.tfrecord.*\[7\]"):
        records[1]


def test_the_error_of_a_worker_reaches_the_caller(tmp_path):
    photo, label = picture(0)
    label[:] = 3
    with pytest.raises(UserError, match=r"\[3\]"):
        batches(write_shards(tmp_path, {"train": [(photo, label)]}))


def test_a_label_of_another_size_is_refused(tmp_path):
    folder = write_shards(tmp_path, {"train": [(picture(0)[0], picture(0)[1][:-1])]})
    with pytest.raises(UserError, match="50×40, its label 50×39"):
        records_of(folder)[0]


def test_a_split_without_labels_is_refused(tmp_path):
    folder = write_shards(tmp_path, {"train": [picture(0), (picture(1)[0], None)]})
    with pytest.raises(UserError, match="1 of 2 images"):
        records_of(folder)
    with pytest.raises(UserError, match="no split 'test'"):
        records_of(folder, "test")


def test_without_an_ignore_label_padding_still_does_not_count(tmp_path):
    class_map = ClassMap((*CLASSES.classes, SegClass(IGNORE, "border")), ignore=None)
    folder = write_shards(tmp_path, {"train": [picture(0, (10, 10))]}, class_map)
    batch = batches(folder, 1, min_scale=1.0, max_scale=1.0, flip=False)[0]
    assert (batch.labels[:, 10:] == NO_LABEL).all()
    assert (batch.images[:, :, 10:] == MEAN_PIXEL[0]).all()
    assert (batch.labels[:, :2, :10] == IGNORE).all()


def data_of(folder, **changes):
    split = records_of(folder)
    settings = DataSettings(batch_size=4, workers=1)
    return TrainingData(split, settings, (33, 49), Sampler(len(split), 1), **changes)


def test_opencv_leaves_the_cores_to_the_network_while_batches_are_made(shards):
    earlier = cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        with closing(data_of(shards).batches(0, 6)) as made:
            next(made)
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(earlier)


@pytest.mark.parametrize("pinned", [False, True])
def test_batches_are_pinned_for_a_gpu_alone(shards, monkeypatch, pinned):
    seen = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: seen.append(self.dtype) or self)
    list(data_of(shards, pinned=pinned).batches(0, 1))
    assert seen == ([torch.uint8, torch.int32] if pinned else [])


def test_a_record_that_cannot_be_read_ends_all_workers(shards, monkeypatch):
    def damaged(self, index):
        raise UserError(f"record {index}", "")

    monkeypatch.setattr(SplitRecords, "__getitem__", damaged)
    with pytest.raises(UserError, match="record"):
        list(data_of(shards).batches(0, 6))
    assert not [t for t in threading.enumerate() if t.name.startswith("segdata-data")]


def test_all_records_in_their_order(shards):
    assert [record.key for record in records_of(shards)] == [f"train_{i}" for i in range(7)]
