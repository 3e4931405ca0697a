"""Code that reads pictures: where masks and photos come from, and what becomes of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from segdata.evidence.picture_reads import PictureRead
from segdata.evidence.script_files import read_scripts

HEAD = "import cv2, os, glob\nimport numpy as np\nimport torch, tensorflow as tf\n"


def reads(code: str, tmp_path: Path) -> list[PictureRead]:
    (tmp_path / "code.py").write_text(HEAD + code)
    return [read for facts in read_scripts(tmp_path / "code.py") for read in facts.pictures]


def kinds(code: str, tmp_path: Path) -> list[str]:
    (tmp_path / "code.py").write_text(HEAD + code)
    return [trap.kind for facts in read_scripts(tmp_path / "code.py") for trap in facts.traps]


@pytest.mark.parametrize(
    ("code", "reader", "grey"),
    [
        ("mask = np.array(Image.open(p))", "pillow", False),
        ("mask = np.array(Image.open(p).convert('L'))", "pillow", True),
        ("mask = cv2.imread(p, 0)", "opencv", True),
        ("mask = cv2.imread(p, cv2.IMREAD_GRAYSCALE)", "opencv", True),
        ("mask = cv2.imread(p, cv2.IMREAD_UNCHANGED)", "opencv stored", False),
        ("mask = tf.io.decode_png(tf.io.read_file(p), channels=1)", "tensorflow", True),
        ("m = Image.open(os.path.join(masks_dir, name))", "pillow", False),
        ("path = root + '/annotations/a.png'\nz = cv2.imread(path, 0)", "opencv", True),
        ("def read_mask(p):\n    z = cv2.imread(p, 0)\n    return z", "opencv", True),
        ("for i, m in zip(images, masks):\n    y = Image.open(m)", "pillow", False),
    ],
)
def test_how_a_mask_is_read(code: str, reader: str, grey: bool, tmp_path: Path) -> None:
    (read,) = reads(code, tmp_path)
    assert (read.what, read.reader, read.grey) == ("mask", reader, grey)


@pytest.mark.parametrize(
    ("then", "makes"),
    [
        ("mask = mask / 255.0", True),
        ("mask //= 255", True),
        ("mask[mask == 255] = 1", True),
        ("mask[mask > 0] = 1", True),
        ("mask = (mask > 127).astype('int64')", True),
        ("mask = np.where(mask > 0, 1, 0)", True),
        ("mask = mask == 255", True),
        ("mask = T.ToTensor()(mask)", True),
        ("out = np.zeros(9)\nfor i, v in enumerate(values):\n    out[mask == v] = i", True),
        ("mask = torch.from_numpy(mask).long()", False),
        ("mask[mask == 255] = 0", False),
        ("mask[mask == 128] = 1", False),
        ("out = np.zeros_like(mask)\nout[mask <= 127] = 1", False),
        ("mask[mask != 0] = 1", True),
        ("mask = (T.ToTensor()(mask) * 255).long()", False),
        ("valid = mask != 255", False),
    ],
)
def test_what_makes_one_of_255(then: str, makes: bool, tmp_path: Path) -> None:
    read = reads(f"mask = np.array(Image.open(p))\n{then}", tmp_path)[0]
    assert (read.makes_one_of_255 is not None) == makes


def test_a_photo_is_followed_through_functions_and_transforms_to_the_network(
    tmp_path: Path,
) -> None:
    code = (
        "tf = T.Compose([T.ToTensor(), T.Normalize(MEAN, STD)])\n"
        "def prepare(a):\n    return tf(a)[None]\n"
        "def predict(folder):\n    for f in folder:\n"
        "        img = cv2.imread(f)\n        out = net(prepare(img))\n"
    )
    (read,) = reads(code, tmp_path)
    assert (read.what, read.swapped, read.fed) == ("photo", True, True)
    assert [step.kind for step in read.steps] == ["divided", "normalized"]
    (turned,) = reads(
        code.replace("net(", "net(cv2.cvtColor(img, cv2.COLOR_BGR2RGB))\nnet("), tmp_path
    )
    assert not turned.swapped


def test_what_other_code_does_to_a_photo_is_unknown(tmp_path: Path) -> None:
    (read,) = reads("img = cv2.imread(f)\nout = net(prepare(img))", tmp_path)
    assert read.has("unknown")


def test_masks_and_photos_of_one_transform_are_told_apart(tmp_path: Path) -> None:
    code = (
        "aug = A.Compose([A.Resize(9, 9), A.Normalize(), ToTensorV2()])\n"
        "def __getitem__(self, i):\n"
        "    image = cv2.cvtColor(cv2.imread(self.images[i]), cv2.COLOR_BGR2RGB)\n"
        "    mask = cv2.imread(self.masks[i], 0)\n"
        "    both = aug(image=image, mask=mask)\n"
        "    return both['image'], both['mask']\n"
    )
    photo, mask = reads(code, tmp_path)
    assert [step.kind for step in photo.steps] == ["divided", "normalized"]
    assert (mask.what, mask.steps) == ("mask", ())
    assert photo.beside_mask


NET = "net = UNet(3, 2)\nnet.load_state_dict(torch.load('a.pth'))\nnet.eval()\n"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("p = torch.sigmoid(net(x)).numpy()\ncv2.imwrite('a.png', p.astype(np.uint8) * 255)",
         "probabilities cut"),
        ("p = torch.softmax(net(x), 1)[0, 1]\nsave(np.uint8(p))", "probabilities cut"),
        ("p = net(x).argmax(1)\ncv2.imwrite('a.png', (p * 255).astype(np.uint8))",
         "ids stretched"),
        ("p = net(x).argmax(1)\ncv2.imwrite('a.jpg', p)", "saved as JPEG"),
        ("out = net(x)\np = out > 0.5", "scores as probabilities"),
        ("out = net(x)\np = out.argmax(-1)", "wrong axis"),
        ("p = np.argmax(net(x).cpu().numpy(), axis=-1)", "wrong axis"),
    ],
)  # fmt: skip
def test_what_makes_files_black_is_found(code: str, kind: str, tmp_path: Path) -> None:
    assert kinds(NET + code, tmp_path) == [kind]


@pytest.mark.parametrize(
    "code",
    [
        "p = torch.sigmoid(net(x)).numpy()\ncv2.imwrite('a.png', (p * 255).astype(np.uint8))",
        "p = torch.sigmoid(net(x)) > 0.5\ncv2.imwrite('a.png', p.astype(np.uint8) * 255)",
        "p = torch.sigmoid(net(x))\np = (p > 0.5).float()\ncv2.imwrite('a.png', p.byte())",
        "p = torch.sigmoid(net(x)).round().byte()",
        "p = net(x).argmax(1)\ncv2.imwrite(f.replace('.jpg', '.png'), p.byte().numpy())",
        "p = net(x).argmax(1)\ncv2.imwrite('a.jpg', palette[applyColorMap(p)])",
        "out = net(x)\np = out > 0",
        "p = net(x)[0].argmax(0)",
        "p = net(x).permute(0, 2, 3, 1).argmax(-1)",
        "p = torch.softmax(net(x), dim=1).argmax(dim=1)",
        "_, p = torch.max(net(x), 1)\np.byte()",
    ],
)
def test_code_that_predicts_rightly_is_left_alone(code: str, tmp_path: Path) -> None:
    found = kinds(NET + code, tmp_path)
    assert [kind for kind in found if kind != "ids stretched"] == []


SAVING = "out = net(x)\ncv2.imwrite('a.png', out.argmax(1))"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (NET + SAVING, []),
        (NET.replace("net.eval()\n", "") + SAVING, ["not evaluating"]),
        ("net = UNet(3, 2)\nnet.eval()\n" + SAVING, ["not loaded"]),
        (NET.replace("'a.pth')", "'a.pth'), strict=False") + SAVING, ["not strict"]),
        ("def save(net, x):\n    " + SAVING.replace("\n", "\n    "), []),
        ("net = smp.from_pretrained('a').eval()\n" + SAVING, []),
    ],
)
def test_weights_are_loaded_before_predicting(
    code: str, expected: list[str], tmp_path: Path
) -> None:
    assert kinds(code, tmp_path) == expected


LOOP = (
    "model = UNet(3, 2)\nopt = torch.optim.Adam(model.parameters(), lr=1e-3)\n"
    "loss = loss_fn(model(x), y)\nloss.backward()\nopt.step()\n"
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (LOOP, []),
        (LOOP.replace("opt.step()", "scheduler.step()"), ["no step"]),
        (LOOP.replace("opt.step()", "scaler.step(opt)"), []),
        (LOOP.replace("(model.", "(UNet(3, 2)."), ["other network"]),
        (LOOP.replace("lr=1e-3", "lr=5.0"), ["rate"]),
        (LOOP.replace("Adam", "Adadelta").replace("1e-3", "1.0"), []),
        (LOOP.replace("opt =", "for p in model.parameters():\n    p.requires_grad = False\nopt ="),
         ["frozen"]),
        (LOOP.replace("opt =", "for p in model.encoder.parameters():\n    p.requires_grad = False\n"
                               "opt ="), []),
    ],
)  # fmt: skip
def test_a_training_that_changes_nothing(code: str, expected: list[str], tmp_path: Path) -> None:
    assert kinds(code, tmp_path) == expected


GENERATORS = (
    "args = dict(rotation_range=9, rescale=1./255)\n"
    "image_gen = ImageDataGenerator(**args)\nmask_gen = ImageDataGenerator(**args)\n"
    "a = image_gen.flow_from_directory('i', seed=1)\n"
    "b = mask_gen.flow_from_directory('m', seed=1)\n"
    "model.fit(zip(a, b))\n"
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (GENERATORS, ["masks scaled"]),
        (GENERATORS.replace(", seed=1", ""), ["masks scaled", "own randomness"]),
        (GENERATORS.replace("mask_gen = ImageDataGenerator(**args)",
                            "mask_gen = ImageDataGenerator()"), ["own randomness"]),
    ],
)  # fmt: skip
def test_generators_of_keras(code: str, expected: list[str], tmp_path: Path) -> None:
    assert kinds(code, tmp_path) == expected


def test_code_of_one_channel(tmp_path: Path) -> None:
    assert kinds("net = UNet(3, 1)\nloss = nn.CrossEntropyLoss()", tmp_path) == ["one channel"]
    assert (
        kinds("net = UNet(3, 1)\nloss = nn.BCEWithLogitsLoss()\nimg = cv2.imread(f)", tmp_path)
        == []
    )


def test_code_that_only_loads_is_evidence(tmp_path: Path) -> None:
    (tmp_path / "d.py").write_text("from PIL import Image\nmask = Image.open('masks/1.png')\n")
    (facts,) = read_scripts(tmp_path / "d.py")
    assert (facts.act, facts.settings.tool) == ("train", "python")


def test_generators_read_photos_and_masks(tmp_path: Path) -> None:
    photo, mask = reads(GENERATORS, tmp_path)
    assert (photo.what, mask.what) == ("photo", "mask")
    assert mask.makes_one_of_255
    assert photo.beside_mask


# As Pytorch-UNet does: values of masks are listed first, and become their ranks in the loader.
RANKED = (
    "def load(f):\n    return Image.open(f)\n"
    "def values_of(f):\n    mask = np.asarray(load(f))\n    return np.unique(mask)\n"
    "def prepare(values, img, is_mask):\n    img = np.asarray(img)\n    if is_mask:\n"
    "        mask = np.zeros(9)\n        for i, v in enumerate(values):\n"
    "            mask[img == v] = i\n        return mask\n"
    "    else:\n        if (img > 1).any():\n            img = img / 255.0\n        return img\n"
    "def __getitem__(self, i):\n    mask = load(self.masks[i])\n    img = load(self.images[i])\n"
    "    return prepare(VALUES, img, is_mask=False), prepare(VALUES, mask, is_mask=True)\n"
)


def test_a_function_for_photos_and_masks_is_followed_for_each(tmp_path: Path) -> None:
    used = [read for read in reads(RANKED, tmp_path) if read.used]
    found = sorted((read.what, [step.kind for step in read.steps]) for read in used)
    assert found == [("mask", ["renumbered"]), ("photo", ["divided"])]


def test_a_table_of_other_ids_is_not_known(tmp_path: Path) -> None:
    code = "mask = Image.open(p)\nfor k, v in TABLE.items():\n    mask[mask == k] = v\n"
    assert reads(code, tmp_path)[0].makes_one_of_255 is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("masks = glob('masks/*')\nfor name in names:\n    images = glob('images/' + name)", []),
        ("def find(self, name):\n    a = self.images_dir.glob(name + '.*')\n"
         "    b = self.mask_dir.glob(name + '.*')", []),
        ("assert os.listdir(images) == os.listdir(masks)", []),
        ("images = glob('images/*')\nmasks = glob('masks/*')", ["unsorted lists"]),
    ],
)  # fmt: skip
def test_lists_that_are_not_joined_by_place(code: str, expected: list[str], tmp_path: Path) -> None:
    assert kinds(code, tmp_path) == expected


def test_transforms_of_ones_own_may_take_photo_and_mask_together(tmp_path: Path) -> None:
    code = "from torchvision import transforms\nimport custom_transforms as tr\nmask = 1\n"
    own = code + "both = transforms.Compose([tr.RandomHorizontalFlip(), tr.ToTensor()])"
    assert kinds(own, tmp_path) == []
    assert kinds(own.replace("tr.", "transforms."), tmp_path) == ["own randomness"]


def test_a_backbone_may_be_loaded_loosely(tmp_path: Path) -> None:
    code = "def pretrain(self):\n    model.load_state_dict(torch.load('a'), strict=False)\n"
    assert kinds(code + "image = Image.open('image.png')\n", tmp_path) == []


@pytest.mark.parametrize(
    "code",
    [
        "mask = Image.open('masks/1.png')\nx = " + " + ".join(["mask"] * 2000),
        "x = [" + "1, " * 50_000 + "]\nimage = net(Image.open('image.png'), x, x, x, x)\n",
        "x = 1\n" + "x = x * x - x\n" * 400 + "image = net(x)\nimage.byte()\n",
        "def f(image):\n    return f(f(image))\nmask = f(f(f(Image.open('image.png'))))\n",
        "def a(i):\n    return b(b(i))\ndef b(i):\n    return a(a(i))\nmask = a(Image.open(p))\n",
        "for in in in",
    ],
)
def test_odd_code_costs_no_time_and_no_crash(code: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    kinds(code, tmp_path)
    assert time.monotonic() - begun < 5


def test_processors_of_hugging_face_may_reduce_labels(tmp_path: Path) -> None:
    code = "p = SegformerImageProcessor(do_reduce_labels=True)\nt = Trainer(model)\n"
    (tmp_path / "t.py").write_text(HEAD + code)
    (facts,) = read_scripts(tmp_path / "t.py")
    assert facts.settings.reduce_zero_label


def test_pictures_that_are_gathered_in_a_list_are_followed(tmp_path: Path) -> None:
    code = (
        "for i in range(9):\n    mask.append(cv2.imread(os.path.join(mask_dir, img_id), 0))\n"
        "mask = np.dstack(mask)\nmask = mask.astype('float32') / 255\n"
    )
    (read,) = reads(code, tmp_path)
    assert read.makes_one_of_255
