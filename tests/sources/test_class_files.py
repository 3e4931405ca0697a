"""Class files as people have them: any table, JSON, YAML, TOML; mistakes with their line."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.sources.class_files import (
    find_class_file,
    has_class_file,
    is_cvat_labelmap,
    read_class_file,
    read_id_mapping,
)

ROAD, CAR = (128, 64, 128), (0, 0, 142)
COLORED = ClassMap((SegClass(0, "road", ROAD), SegClass(1, "traffic light", CAR)))
NAMED = ClassMap((SegClass(0, "road"), SegClass(1, "traffic light")))


def written(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("class_dict.csv", "name,r,g,b\nroad,128,64,128\ntraffic light,0,0,142\n"),
        ("a.csv", "road,128,64,128\ntraffic light,0,0,142\n"),
        ("a.csv", "r,g,b,name\n128,64,128,road\n0,0,142,traffic light\n"),
        ("a.csv", "128,64,128,road\n0,0,142,traffic light\n"),
        ("a.csv", "id,name,r,g,b\n0,road,128,64,128\n1,traffic light,0,0,142\n"),
        ("a.csv", "0,road,128,64,128\n1,traffic light,0,0,142\n"),
        ("a.csv", "road,0,128,64,128\ntraffic light,1,0,0,142\n"),
        ("a.csv", "road,128,64,128,0\ntraffic light,0,0,142,1\n"),
        ("a.csv", "1,traffic light,0,0,142\n0,road,128,64,128\n"),
        ("a.csv", '"name","r","g","b"\n"road","128","64","128"\n"traffic light","0","0","142"\n'),
        ("a.csv", "name;r;g;b\r\nroad;128;64;128\r\ntraffic light;0;0;142\r\n"),
        ("a.csv", "Klasse;Rot;Grün;Blau\nroad;128;64;128\ntraffic light;0;0;142\n"),
        ("a.tsv", "name\tr\tg\tb\nroad\t128\t64\t128\ntraffic light\t0\t0\t142\n"),
        ("a.csv", "name,hex\nroad,#804080\ntraffic light,#00008E\n"),
        ("a.csv", "#804080,road\n#00008e,traffic light\n"),
        ("a.csv", "name,color\nroad,128 64 128\ntraffic light,0 0 142\n"),
        ("a.csv", 'name,color\nroad,"128,64,128"\ntraffic light,"(0, 0, 142)"\n'),
        ("a.csv", "name,color\nroad,(128,64,128)\ntraffic light,(0,0,142)\n"),
        ("a.csv", "name,rgb\nroad,128,64,128\ntraffic light,0,0,142\n"),
        ("a.csv", "# by hand\n\nname,r,g,b\nroad,128,64,128\n# more\ntraffic light,0,0,142\n,,,\n"),
        ("a.csv", "class,name,r,g,b\n0,road,128,64,128\n1,traffic light,0,0,142\n"),
        ("a.csv", "Label_Name, Supercategory, R, G, B\nroad, flat, 128, 64, 128\n"
                  "traffic light, object, 0, 0, 142\n"),
        ("label_colors.txt", "128 64 128\troad\n0 0 142\t\ttraffic light\n"),
        ("label_colors.txt", "128 64 128 road\n0 0 142 traffic light\n"),
        ("a.txt", "road 128 64 128\ntraffic light 0 0 142\n"),
        ("a.txt", "0 road 128 64 128\n1 traffic light 0 0 142\n"),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nroad:128,64,128::\n"
                         "traffic light:0,0,142::\n"),
        ("a.json", '[{"name": "road", "color": [128, 64, 128]}, '
                   '{"name": "traffic light", "color": "#00008e"}]'),
        ("a.json", '{"road": [128, 64, 128], "traffic light": [0, 0, 142]}'),
        ("a.json", '{"road": "#804080", "traffic light": "#00008e"}'),
        ("a.json", '{"#804080": "road", "#00008e": "traffic light"}'),
        ("a.json", '{"road": {"id": 0, "color": [128, 64, 128]}, '
                   '"traffic light": {"id": 1, "color": [0, 0, 142]}}'),
        ("a.json", '{"0": {"name": "road", "color": "#804080"}, '
                   '"1": {"name": "traffic light", "color": "#00008e"}}'),
        ("a.json", '{"classes": [{"title": "road", "color": "#804080"}, '
                   '{"title": "traffic light", "color": "#00008E"}]}'),
        ("config.json", '{"labels": [{"readable": "r", "name": "road", "color": [128, 64, 128]}, '
                        '{"name": "traffic light", "color": [0, 0, 142]}]}'),
        ("a.json", '{"names": ["road", "traffic light"], "colors": [[128, 64, 128], [0, 0, 142]]}'),
        ("a.yaml", "- {name: road, color: [128, 64, 128]}\n"
                   "- {name: traffic light, color: '#00008e'}\n"),
        ("a.yml", "road: [128, 64, 128]\ntraffic light: [0, 0, 142]\n"),
        ("a.toml", '[[classes]]\nname = "road"\ncolor = [128, 64, 128]\n[[classes]]\n'
                   'name = "traffic light"\ncolor = "#00008e"\n'),
        ("dataset.toml", 'name = "x"\nnum_classes = 2\nignore_label = false\n[[classes]]\nid = 0\n'
                         'name = "road"\ncolor = [128, 64, 128]\n[[classes]]\nid = 1\n'
                         'name = "traffic light"\ncolor = [0, 0, 142]\n'),
    ],
)  # fmt: skip
def test_colors_are_read_from_any_form(tmp_path: Path, name: str, text: str) -> None:
    assert read_class_file(written(tmp_path, name, text)) == COLORED


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codes.txt", "road\ntraffic light\n"),
        ("a.txt", "0 road\n1 traffic light\n"),
        ("a.csv", "name\nroad\ntraffic light\n"),
        ("_classes.csv", "Pixel Value, Class\n0, road\n1, traffic light\n"),
        ("a.csv", "Idx,Ratio,Train,Name\n0,0.1576,11664,road\n1,0.1,6046,traffic light\n"),
        ("a.csv", "1,traffic light\n0,road\n"),
        ("a.json", '["road", "traffic light"]'),
        ("id2label.json", '{"0": "road", "1": "traffic light"}'),
        ("a.json", '{"road": 0, "traffic light": 1}'),
        ("a.json", '{"id2label": {"1": "traffic light", "0": "road"}}'),
        ("classes.txt", '{"road": 0, "traffic light": 1}'),
        ("data.yaml", "path: ../x\ntrain: images/train\nnames:\n  0: road\n  1: traffic light\n"),
        ("data.yaml", "nc: 2\nnames: [road, traffic light]\n"),
        ("a.toml", 'names = ["road", "traffic light"]\n'),
    ],
)
def test_names_are_read_from_any_form(tmp_path: Path, name: str, text: str) -> None:
    assert read_class_file(written(tmp_path, name, text)) == NAMED


TABLE = "name,r,g,b\r\nroad,128,64,128\r\ntraffic light,0,0,142\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + TABLE.encode(),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
        TABLE.encode("utf-32"),
        TABLE.replace("\r\n", "\r").encode(),
        TABLE.encode() + b"\x1a",
    ],
)
def test_any_encoding_is_read(tmp_path: Path, data: bytes) -> None:
    assert read_class_file(written(tmp_path, "a.csv", data)) == COLORED


def test_names_keep_their_letters(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp1252", "utf-16"):
        path = written(tmp_path, "a.csv", "straße,1,2,3\n".encode(encoding))
        assert read_class_file(path).names[0] == "straße"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("a.csv", "name,r,g,b\nroad,1,2\n", "line 2: 3 columns instead of 4 in 'road,1,2'"),
        ("a.csv", "name,r,g,b\nroad,1,2,x\n", "line 2: 'x' is not a whole number from 0 to 255"),
        ("a.csv", "id,name\n1000000000,x\n", "line 2: '1000000000' is not"),
        ("a.csv", "id,name\n-5,x\n", "line 2: '-5'"),
        ("a.csv", f"id,name\n{'9' * 10_000},x\n", "line 2: "),
        ("a.csv", "name,hex\nroad,#12\n", "'#12' is no color"),
        ("a.csv", "name,r,g,b\na,1,1,1\nb,2,2,2\na,3,3,3\n", "line 2: 'a,1,1,1'; line 4: 'a,3"),
        ("a.csv", "name,r,g,b\na,1,1,1\nb,2,2,2\nc,1,1,1\n", "color (1, 1, 1) is given to both"),
        ("a.csv", "id,name\n7,a\n7,b\n", "id 7 is given to both 'a' and 'b' (line 2: '7,a'; line"),
        ("a.csv", "1,2,3\n4,5,6\n", "line 1: cannot tell which column is what in '1,2,3'"),
        ("a.csv", "a,b,c\nd,e,f\n", "line 1"),
        ("labelmap.txt", "a:1,2,3::\nb:1,2::\nc:3,4,5::\n", "line 2: this is not name:r,g,b"),
        ("labelmap.txt", "a:1,2,3::\nb:1,2,999::\nc:3,4,5::\n", "line 2: '999' is not a whole"),
        ("a.json", '[{"name": "a",}]', "line 1: not valid JSON"),
        ("a.json", '{"a": 1,\n "a": 2}', "'a' is there twice"),
        ("a.json", '{"a": 1000000000}', "entry 1 (a): 1000000000 is not a whole number"),
        ("a.json", f'{{"a": {"9" * 9000}}}', "is no class file"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.json", "3", "holds no classes"),
        ("a.json", "{}", "holds no classes"),
        ("a.json", "[3]", "entry 1 is no class"),
        ("a.json", '[{"id": 3}]', "entry 1 has no name"),
        ("a.json", '{"a": [1, 2, 3000]}', "3000 is not a whole number"),
        ("a.json", '{"a": true}', "True is not a whole number"),
        ("a.yaml", "names: {0: a, 0: b}\n", "'0' is there twice"),
        ("a.yaml", "a: [1\nb: 2\n", "line 2: not valid YAML"),
        ("a.yaml", "a: &x [1]\nb: *x\n", "line 2: aliases"),
        ("a.yaml", "!!python/object/apply:os.system ['true']\n", "line 1: not valid YAML"),
        ("a.yaml", "[" * 50_000, "YAML"),
        ("a.toml", "a = \n", "not valid TOML"),
        ("a.csv", "name,rad,128,64,128\nc,0,0,142\n", "line "),
        ("a.txt", '""\n1 2\n', "line 1: "),
        ("a.yaml", "{!!int ,7: 0}\n", "not valid YAML"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "cannot be read as text"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, name: str, text: str | bytes, complaint: str
) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(UserError) as caught:
        read_class_file(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)


def test_labelmes_list_counts_from_minus_one(tmp_path: Path) -> None:
    class_map = read_class_file(written(tmp_path, "x.txt", "__ignore__\n_background_\ncar\n"))
    assert class_map.names == {0: "_background_", 1: "car", 255: "__ignore__"}
    assert class_map.ignore == 255


def test_an_ignored_class_may_have_a_negative_id(tmp_path: Path) -> None:
    class_map = read_class_file(written(tmp_path, "x.csv", "id,name\n0,a\n-1,unlabeled\n"))
    assert class_map.ignore == 255


def test_aliases_in_yaml_use_no_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    path = written(tmp_path, "bomb.yaml", "\n".join(lines))
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(UserError, match="aliases"):
        read_class_file(path)
    assert time.monotonic() - started < 5
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(UserError, match="no class file"):
        read_class_file(path)


def test_a_class_file_is_found_in_the_folder_or_one_below(tmp_path: Path) -> None:
    assert not has_class_file(tmp_path)
    (tmp_path / "train").mkdir()
    below = written(tmp_path / "train", "_classes.csv", "Pixel Value, Class\n0, a\n")
    assert find_class_file(tmp_path) == below
    here = written(tmp_path, "class_dict.csv", "name,r,g,b\na,1,2,3\n")
    assert find_class_file(tmp_path) == here


def test_of_two_files_that_agree_the_one_with_colors_is_taken(tmp_path: Path) -> None:
    written(tmp_path, "classes.txt", "road\ncar\n")
    colors = written(tmp_path, "class_dict.csv", "name,r,g,b\nroad,1,2,3\ncar,4,5,6\n")
    assert find_class_file(tmp_path) == colors


def test_two_files_that_differ_ask_for_a_choice(tmp_path: Path) -> None:
    written(tmp_path, "classes.csv", "name,r,g,b\nroad,1,2,3\ncar,4,5,6\n")
    written(tmp_path, "class_dict.csv", "name,r,g,b\ncar,4,5,6\nroad,1,2,3\n")
    with pytest.raises(UserError, match="--classes FILE"):
        find_class_file(tmp_path)


def test_another_file_of_a_usual_name_is_passed_over(tmp_path: Path) -> None:
    written(tmp_path, "labels.json", '{"images": 3}')
    written(tmp_path, "data.yaml", "batch: 3\nlr: 4\n")
    assert not has_class_file(tmp_path)


def test_a_label_mapping_of_ultralytics_is_read(tmp_path: Path) -> None:
    text = "names: {0: road, 1: car}\nlabel_mapping: {7: 0, 26: 1, 0: ignore_label, -1: 255}\n"
    assert read_id_mapping(written(tmp_path, "data.yaml", text)) == {7: 0, 26: 1, 0: -1}
    assert read_id_mapping(written(tmp_path, "x.csv", "a\nb\n")) == {}
    wrong = written(tmp_path, "w.yaml", "names: [a]\nlabel_mapping: {x: 0}\n")
    with pytest.raises(UserError, match="label_mapping"):
        read_id_mapping(wrong)


def test_cvats_labelmap_is_told_from_other_text(tmp_path: Path) -> None:
    assert is_cvat_labelmap(written(tmp_path, "labelmap.txt", "a:1,2,3::\n"))
    assert not is_cvat_labelmap(written(tmp_path, "labelmap.txt", "a 1 2 3\n"))


def test_damaged_files_are_read_or_refused_with_a_reason(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    sound = [
        ("a.csv", TABLE.encode()),
        ("label_colors.txt", b"128 64 128\troad\n0 0 142\t\tcar\n"),
        ("labelmap.txt", b"# label:color\nroad:128,64,128::\ncar:0,0,142::\n"),
        ("a.json", json.dumps([{"name": "road", "id": 3, "color": "#804080"}] * 1).encode()),
        ("a.yaml", b"names:\n  0: road\n  1: car\nlabel_mapping: {7: 0}\n"),
        ("a.toml", b'[[classes]]\nname = "road"\ncolor = [1, 2, 3]\n'),
    ]
    snippets = [b",", b";", b"\t", b"\x00", b'"', b"[[", b"{", b"-", b"1e9", b"9" * 40, b"\xff\xfe",
                b"\n", b": ", b"#", b"&a ", b"*a ", b"!!int ", b"inf", b"\xe2\x80\xa8"]  # fmt: skip
    for _ in range(300):
        name, data = sound[int(rng.integers(len(sound)))]
        mutated = bytearray(data)
        for _ in range(int(rng.integers(1, 5))):
            place = int(rng.integers(0, len(mutated) + 1))
            if rng.random() < 0.5:
                mutated[place : place + int(rng.integers(0, 9))] = b""
            else:
                mutated[place:place] = snippets[int(rng.integers(len(snippets)))]
        path = written(tmp_path, name, bytes(mutated))
        assert str(path) in _outcome(path)


def _outcome(path: Path) -> str:
    """What reading says: the message of an error, or the path if classes were found."""
    try:
        class_map = read_class_file(path)
        read_id_mapping(path)
    except UserError as error:
        return error.message
    return str(path) if class_map.classes else ""
