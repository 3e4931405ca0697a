"""Commands and code: what the program made of them, and what does not do what it looks like."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segdata.errors import UserError
from segdata.evidence import CaseFacts, LabelEvidence, ScriptFacts
from segdata.evidence.script_files import read_scripts
from segdata.rules import judge_case


def of(text: str, tmp_path: Path, name: str = "train.sh") -> list[ScriptFacts]:
    (tmp_path / name).write_text(text)
    return list(read_scripts(tmp_path / name))


def kinds(facts: ScriptFacts) -> list[str]:
    return [trap.kind for trap in facts.traps]


@pytest.mark.parametrize(
    ("words", "kind", "corrected"),
    [
        ("--initialize_last_layer = False", "spaces", "--initialize_last_layer=False"),
        ("--initialize_last_layer= False", "spaces", "--initialize_last_layer=False"),
        ("--initialize_last_layer =False", "spaces", "--initialize_last_layer=False"),
        ("--fine_tune_batch_norm False", "boolean apart", "--fine_tune_batch_norm=False"),
        ("–train_split=train", "long dash", "--train_split=train"),
        ("--Train_Batch_Size=4", "unknown flag", "--train_batch_size=4"),
        (
            "--tf_initial_checkpoints=a/model.ckpt",
            "unknown flag",
            "--tf_initial_checkpoint=a/model.ckpt",
        ),
        (
            "--train_crop_size=513 --train_crop_size=513",
            "repeated flag",
            "--train_crop_size=513,513",
        ),
        (
            "--atrous_rates 6 12 18",
            "several values",
            "--atrous_rates=6 --atrous_rates=12 --atrous_rates=18",
        ),
    ],
)
def test_a_trap_is_told_with_the_corrected_words(
    words: str, kind: str, corrected: str, tmp_path: Path
) -> None:
    (facts,) = of(f"python deeplab/train.py {words} --dataset=mine\n", tmp_path)
    assert [(trap.kind, trap.corrected) for trap in facts.traps] == [(kind, corrected)]
    assert facts.command == f"python deeplab/train.py {corrected} --dataset=mine"
    (again,) = of(facts.command, tmp_path)
    assert again.traps == ()


@pytest.mark.parametrize(
    "words",
    [
        "--initialize_last_layer=false --nofine_tune_batch_norm",
        "--dataset mine --train_batch_size 4",
        "-dataset=mine",
        "--atrous_rates=6 --atrous_rates=12 --atrous_rates=18",
        "--train_crop_size=513,513 --decoder_output_stride=4",
        "--initialize_last_layer = True",
        "--vis_split=val --dataset=mine",
    ],
)
def test_what_absl_reads_rightly_is_no_trap(words: str, tmp_path: Path) -> None:
    (facts,) = of(f"python deeplab/train.py {words}\n", tmp_path)
    assert facts.traps == ()


def test_the_settings_are_what_the_program_ends_up_with(tmp_path: Path) -> None:
    (facts,) = of(
        "DATA=/d\npython deeplab/train.py --initialize_last_layer = False \\\n"
        "  --atrous_rates=6 --atrous_rates=12 --train_crop_size=321,513 \\\n"
        "  --tf_initial_checkpoint=${DATA}/model.ckpt --label_weights=1 --label_weights=10\n",
        tmp_path,
    )
    told = facts.settings
    assert told.initialize_last_layer is True
    assert told.atrous_rates == (6, 12)
    assert told.crop_size == (321, 513)
    assert told.initial_checkpoint == "/d/model.ckpt"
    assert told.class_weights == {0: 1.0, 1: 10.0}
    assert (told.batch_size, told.dataset, "dataset" in told.said) == (8, "pascal_voc_seg", False)


def test_a_backslash_with_a_blank_behind_it_cuts_the_command(tmp_path: Path) -> None:
    (facts,) = of("python deeplab/vis.py \\\n --vis_split=val \\ \n  --dataset=mine\n", tmp_path)
    assert kinds(facts) == ["cut off"]
    assert facts.settings.dataset == "pascal_voc_seg"
    assert facts.command.endswith("--dataset=mine")


def test_each_program_has_its_own_defaults(tmp_path: Path) -> None:
    text = "python vis.py --vis_split=val\npython export_model.py --checkpoint_path=m\n"
    vis, export = of(text, tmp_path)
    assert (vis.act, export.act) == ("vis", "export")
    assert (vis.settings.output_stride, export.settings.output_stride) == (16, 8)
    assert export.settings.num_classes == 21


def test_notebooks_have_commands_and_code(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["!python deeplab/train.py --dataset=x"]},
        {"cell_type": "code", "source": ["!python deeplab/train.py \\\n", " --dataset=mine\n"]},
        {"cell_type": "code", "source": ["import torch\n", "mask = mask / 255\n"]},
    ]
    command, code = of(json.dumps({"cells": cells}), tmp_path, "a.ipynb")
    assert command.settings.dataset == "mine"
    assert kinds(code) == ["masks scaled"]
    (tmp_path / "a.ipynb").write_text("{")
    with pytest.raises(UserError, match="is no notebook"):
        read_scripts(tmp_path / "a.ipynb")


@pytest.mark.parametrize(
    "command",
    [
        "python train.py --epochs=3 --amp",
        "CUDA_VISIBLE_DEVICES=0 python train.py --backbone resnet --lr 0.01 --dataset coco",
        "python eval.py --dataset voc --checkpoint a.pth",
    ],
)
def test_other_peoples_train_py_is_not_deeplabs(command: str, tmp_path: Path) -> None:
    assert of(f"{command}\n", tmp_path) == []


def test_deeplabs_train_py_is_known_by_its_flags(tmp_path: Path) -> None:
    assert of("python train.py --train_split=train --dataset=mine\n", tmp_path)
    assert of("python -m deeplab.train --dataset=mine\n", tmp_path)


TORCH = "import torch, os\nfrom torchvision import transforms as T\n"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("mask = np.array(Image.open(p)) / 255.0", "masks scaled"),
        ("label /= 255", "masks scaled"),
        ("y = mask.div(255)", "masks scaled"),
        ("mask = T.ToTensor()(mask)", "masks scaled"),
        ("mask = TF.to_tensor(mask)", "masks scaled"),
        ("mask_datagen = ImageDataGenerator(rescale=1./255)", "masks scaled"),
        ("images = os.listdir('images')\nmasks = os.listdir('masks')", "unsorted lists"),
        ("images = sorted(os.listdir('images'))\nmasks = glob('masks/*')", "unsorted lists"),
        ("t = T.Compose([T.RandomHorizontalFlip()])\nmask = t(mask)", "own randomness"),
        ("m = smp.Unet(classes=1)\np = m(x).argmax(dim=1)", "one channel"),
        ("o = Conv2D(1, 1, activation='softmax')(x)", "one channel"),
    ],
)
def test_code_that_spoils_labels_is_found(code: str, kind: str, tmp_path: Path) -> None:
    (facts,) = of(TORCH + code, tmp_path, "train.py")
    assert kinds(facts) == [kind]


@pytest.mark.parametrize(
    "code",
    [
        "image = image / 255.0",
        "mask = (T.ToTensor()(mask) * 255).long()",
        "image = T.ToTensor()(image)",
        "images = sorted(glob('images/*'))\nmasks = sorted(glob('masks/*'))",
        "images = os.listdir('images')\nmasks = os.listdir('masks')\nimages.sort()\nmasks.sort()",
        "images = os.listdir('images')\nmasks = ['masks/' + i for i in images]",
        "m = smp.Unet(classes=1)\np = m(x).sigmoid() > 0.5",
        "m = smp.Unet(classes=2)\np = m(x).argmax(dim=1)",
        "mask = np.array(Image.open(p))",
    ],
)
def test_code_that_is_right_is_left_alone(code: str, tmp_path: Path) -> None:
    (facts,) = of(TORCH + code + "\nloss.backward()", tmp_path, "train.py")
    assert facts.traps == ()


@pytest.mark.parametrize(
    ("code", "half"),
    [("with autocast():\n    pass", True), ("x = autocast(dtype=torch.bfloat16)", None)],
)
def test_bfloat16_does_not_overflow(code: str, half: bool | None, tmp_path: Path) -> None:
    (facts,) = of(TORCH + code + "\nloss.backward()", tmp_path, "train.py")
    assert facts.settings.mixed_precision is half


def test_mmsegmentation_is_read_as_text(tmp_path: Path) -> None:
    (facts,) = of(
        "import os\nos.system('touch executed')\n"
        "model = dict(type='EncoderDecoder', decode_head=dict(num_classes=2, loss_decode=dict("
        "use_sigmoid=False, class_weight=[1.0, 5.0])))\n"
        "pipeline = [dict(type='LoadAnnotations', reduce_zero_label=True)]\n"
        "optim_wrapper = dict(type='AmpOptimWrapper')\ncrop_size = (512, 1024)\n",
        tmp_path,
        "config.py",
    )
    told = facts.settings
    assert told.tool == "mmseg"
    assert told.reduce_zero_label is told.mixed_precision is True
    assert (told.num_classes, told.crop_size) == (2, (512, 1024))
    assert told.class_weights == {0: 1.0, 1: 5.0}
    assert told.one_channel is None
    assert not Path("executed").exists()


@pytest.mark.parametrize(("sigmoid", "one"), [("True", None), ("False", True)])
def test_one_channel_is_right_with_a_sigmoid(
    sigmoid: str, one: bool | None, tmp_path: Path
) -> None:
    head = f"dict(num_classes=2, out_channels=1, loss_decode=dict(use_sigmoid={sigmoid}))"
    (facts,) = of(f"model = dict(decode_head={head})\n", tmp_path, "config.py")
    assert facts.settings.one_channel is one


def test_registrations_are_read(tmp_path: Path) -> None:
    (facts,) = of(
        "_MINE = DatasetDescriptor(\n"
        "    splits_to_sizes={'train': 100}, num_classes=2, ignore_label=255)\n"
        "_DATASETS_INFORMATION = {'cityscapes': _C, 'mine': _MINE}\n",
        tmp_path,
        "segmentation_dataset.py",
    )
    (mine,) = facts.registers
    assert (mine.name, mine.num_classes, mine.ignore, dict(mine.sizes), mine.deprecated) == (
        "mine", 2, 255, {"train": 100}, True,
    )  # fmt: skip


def test_what_is_no_script_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_bytes(b"\x7fELF\0\0")
    with pytest.raises(UserError, match="is no text"):
        read_scripts(tmp_path / "a.sh")
    with pytest.raises(UserError, match="there is no script"):
        read_scripts(tmp_path / "absent.sh")
    assert of("def broken(:\n", tmp_path, "b.py") == []
    assert of("", tmp_path) == []


def test_scripts_that_make_shards_copy_labels_which_tensorflow_decodes(tmp_path: Path) -> None:
    command = "python ./build_voc2012_data.py --image_folder=a --image_format=jpg\n"
    (facts,) = of(command, tmp_path)
    (read,) = facts.pictures
    assert (facts.act, read.what, read.reader, read.grey) == ("other", "mask", "tensorflow", True)
    (prepared,) = of(f"python remove_gt_colormap.py --output_dir=b\n{command}", tmp_path)
    assert prepared.pictures == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sh", "python deeplab/train.py --train_crop_size=0,513 --train_batch_size=0"),
        ("a.py", "crop_size = (0, 0)\nmodel = dict(decode_head=dict(class_weight=[-1.0, -2.0]))"),
        ("a.py", "loss.backward()\nAdam(m)\nCrossEntropyLoss(weight={1e999: 1})"),
        ("a.py", "import torch\nids = model(x).argmax(axis={[1]: 2})\ncv2.imwrite(a, ids)"),
    ],
)
def test_numbers_that_no_program_takes_are_no_error_of_ours(
    name: str, text: str, tmp_path: Path
) -> None:
    labels = LabelEvidence(where="d", num_classes=2, ignore=255, sizes={(60, 80): 5})
    scripts = tuple(of(text, tmp_path, name))
    for known in (labels, None):
        training = next((one.settings for one in scripts if one.act == "train"), None)
        case = CaseFacts(scripts=scripts, training=training, labels=known)
        assert "T10" not in {finding.rule for finding in judge_case(case)}


def test_a_notebook_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no notebook"):
        of("[" * 100_000, tmp_path, "a.ipynb")


def test_only_booleans_are_denied_with_no(tmp_path: Path) -> None:
    words = "--nodecoder_output_stride --nodecoder_output_stride --nofine_tune_batch_norm"
    (facts,) = of(f"python deeplab/train.py {words} --train_split=train", tmp_path)
    assert kinds(facts) == ["unknown flag", "unknown flag"]
    assert facts.settings.fine_tune_batch_norm is False
