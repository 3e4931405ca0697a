"""Pictures from files, folders, patterns, videos and pipes, each with a name of its own."""

from __future__ import annotations

import io
import math
import os
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from segdata.errors import UserError
from segdata.frames import Damaged, Frame, find_sources, read_ahead, read_frames
from segdata.images import encode_photo

NOTHING = io.BytesIO()


def photo(path: Path, value: int = 0, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 6, 3), value, np.uint8)).save(path, **options)
    return path


def video(path: Path, frames: int = 5, kind: str = "MJPG") -> Path:
    """Frame n is grey of level 20·n, modulo 256."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*kind), 10, (32, 24))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(np.full((24, 32, 3), 20 * number % 256, np.uint8))
    writer.release()
    return path


def keys(*arguments: Path | str, stdin: bytes = b"") -> list[str]:
    sources = find_sources([str(a) for a in arguments], io.BytesIO(stdin))
    return [source.key for source in sources.items]


def everything(*arguments: Path | str) -> list[Frame | Damaged]:
    sources = find_sources([str(a) for a in arguments], NOTHING)
    return list(read_frames(sources.items, lambda source, key: True))


def test_a_folder_is_read_with_all_below_it_by_name(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.PNG", "sub/c.tif", "sub/deep/d.webp", "notes.txt", ".hidden.jpg"):
        photo(tmp_path / name, format="PNG")
    video(tmp_path / "clip.avi")
    assert keys(tmp_path) == ["a", "b", "clip", "sub/c", "sub/deep/d"]


def test_a_file_is_named_by_its_name_alone(tmp_path: Path) -> None:
    assert keys(photo(tmp_path / "shots" / "a.jpg")) == ["a"]
    assert keys(photo(tmp_path / "no suffix", format="PNG")) == ["no suffix"]
    assert keys(photo(tmp_path / "a.b.jpg")) == ["a.b"]


def test_patterns_are_followed_where_no_shell_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("x/1.jpg", "x/y/2.png", "x/y/3.txt", "z.jpg"):
        photo(tmp_path / name, format="PNG")
    monkeypatch.chdir(tmp_path)
    assert keys("x/**/*") == ["1", "y/2"]
    assert keys(tmp_path / "*.jpg") == ["z"]
    # A name with brackets that is there is no pattern.
    assert keys(photo(tmp_path / "a[1].jpg")) == ["a[1]"]
    with pytest.raises(UserError, match="fits no photo"):
        keys("*.gif")


def test_what_is_named_twice_is_predicted_once(tmp_path: Path) -> None:
    one = photo(tmp_path / "a.jpg")
    assert keys(one, tmp_path, one) == ["a"]


def test_a_file_has_one_result_however_its_path_is_spelled(tmp_path: Path) -> None:
    one = photo(tmp_path / "x" / "a.jpg")
    assert keys(one, tmp_path / "x" / ".." / "x" / "a.jpg", f"{tmp_path}/x/./a.jpg") == ["a"]


def test_files_that_differ_in_their_suffix_keep_it_and_that_is_told(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "b.jpg"):
        photo(tmp_path / name)
    assert keys(tmp_path) == ["a.jpg", "a.png", "b"]
    (note,) = find_sources([str(tmp_path)], NOTHING).notes
    assert note.startswith("2 files differ in their suffix only, such as a.jpg")


def test_of_videos_that_differ_in_their_suffix_the_folders_are_told(tmp_path: Path) -> None:
    for name in ("v.mp4", "v.avi"):
        (tmp_path / name).write_bytes(b"a video")
    assert keys(tmp_path) == ["v.avi", "v.mp4"]
    (note,) = find_sources([str(tmp_path)], NOTHING).notes
    assert note.endswith("(v.avi/)")


def test_equal_names_in_two_folders_are_told_apart_by_the_folders(tmp_path: Path) -> None:
    first, second = photo(tmp_path / "p" / "1.jpg"), photo(tmp_path / "q" / "1.jpg")
    photo(tmp_path / "q" / "2.jpg")
    assert keys(first, second) == ["p/1", "q/1"]
    assert keys(tmp_path / "p", tmp_path / "q") == ["p/1", "q/1", "q/2"]


def test_a_video_s_folder_never_holds_a_photo_s_result(tmp_path: Path) -> None:
    video(tmp_path / "clip.avi")
    photo(tmp_path / "clip" / "000000.png")
    assert keys(tmp_path) == ["clip.avi", "clip/000000"]


def test_names_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "a.jpg.png"):
        photo(tmp_path / name, format="PNG")
    with pytest.raises(UserError, match=r"would have the result a\.jpg\.png"):
        keys(tmp_path)


def test_a_list_comes_in_on_stdin(tmp_path: Path) -> None:
    one, two = photo(tmp_path / "ö 1.jpg"), photo(tmp_path / "2.jpg")
    for text in (f"{one}\n{two}\n", f"{one}\r\n\r\n{two}", f"{one}\0{two}\0"):
        assert keys("-", stdin=text.encode()) == ["ö 1", "2"]
    assert keys("-", stdin=f"\ufeff{one}".encode()) == ["ö 1"]


def test_in_a_list_that_ends_with_zero_bytes_names_may_hold_anything(tmp_path: Path) -> None:
    names = ["new\nline.jpg", " blank.jpg", "form\x0cfeed.jpg"]
    listed = "".join(f"{photo(tmp_path / name)}\0" for name in names)
    assert keys("-", stdin=listed.encode()) == [name.removesuffix(".jpg") for name in names]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_names_of_another_encoding_are_found_where_the_system_has_them(tmp_path: Path) -> None:
    name = os.fsdecode("café.jpg".encode("latin-1"))
    path = photo(tmp_path / name)
    (key,) = keys("-", stdin=os.fsencode(path))
    assert key == name.removesuffix(".jpg")
    with pytest.raises(UserError, match="neither an image nor a list"):
        keys("-", stdin=os.fsencode(tmp_path / "not there" / name))


def test_an_image_comes_in_on_stdin() -> None:
    data = encode_photo(np.full((3, 5, 3), 7, np.uint8))
    sources = find_sources(["-"], io.BytesIO(data))
    (frame,) = read_frames(sources.items, lambda source, key: True)
    assert isinstance(frame, Frame)
    assert frame.key == "stdin"
    assert frame.image is not None
    assert frame.image.shape == (3, 5, 3)
    assert sources.items[0].changed == math.inf


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xff\xd8\xff broken \x80"])
def test_stdin_without_image_or_list_is_told(data: bytes) -> None:
    with pytest.raises(UserError, match="stdin"):
        keys("-", stdin=data)


def test_an_image_on_stdin_stands_alone(tmp_path: Path) -> None:
    data = encode_photo(np.zeros((3, 5, 3), np.uint8))
    with pytest.raises(UserError, match="beside other images"):
        keys("-", photo(tmp_path / "a.jpg"), stdin=data)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        keys(tmp_path / "nothing.jpg")
    with pytest.raises(UserError, match="holds no photos or videos"):
        keys(tmp_path)


def test_photos_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (frame,) = everything(photo(tmp_path / "a.jpg", exif=exif))
    assert isinstance(frame, Frame)
    assert frame.image is not None
    assert frame.image.shape == (6, 4, 3)


def test_a_damaged_file_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    whole = photo(tmp_path / "a.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 2])
    photo(tmp_path / "c.jpg")
    first, second, third = everything(tmp_path)
    assert isinstance(first, Frame)
    assert isinstance(third, Frame)
    assert isinstance(second, Damaged)
    assert second.name == str(tmp_path / "b.jpg")
    assert "cut off" in second.reason
    missing = find_sources(["-"], io.BytesIO(b"gone.jpg"))
    (told,) = read_frames(missing.items, lambda source, key: True)
    assert told == Damaged("gone.jpg", "gone.jpg does not exist")


@pytest.mark.parametrize(("name", "kind"), [("c.avi", "MJPG"), ("c.mp4", "mp4v")])
def test_frames_of_a_video_are_numbered_and_rgb(tmp_path: Path, name: str, kind: str) -> None:
    frames = everything(video(tmp_path / name, kind=kind))
    assert [frame.key for frame in frames if isinstance(frame, Frame)] == [
        f"c/{n:06d}" for n in range(5)
    ]
    for number, frame in enumerate(frames):
        assert isinstance(frame, Frame)
        assert frame.image is not None
        assert frame.image.shape == (24, 32, 3)
        assert abs(int(frame.image.mean()) - 20 * number) <= 3


def test_red_is_red_in_a_video(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(
        str(tmp_path / "red.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (32, 24)
    )
    writer.write(np.full((24, 32, 3), (0, 0, 255), np.uint8))  # OpenCV's order
    writer.release()
    (frame,) = everything(tmp_path / "red.avi")
    assert isinstance(frame, Frame)
    assert frame.image is not None
    assert frame.image[..., 0].mean() > 200 > 100 > frame.image[..., 2].mean()


def test_only_wanted_pictures_are_decoded(tmp_path: Path) -> None:
    video(tmp_path / "c.avi")
    photo(tmp_path / "d.jpg")
    sources = find_sources([str(tmp_path)], NOTHING)
    frames = list(read_frames(sources.items, lambda source, key: key == "c/000003"))
    decoded = {f.key: f.image is not None for f in frames if isinstance(f, Frame)}
    assert decoded == {f"c/{n:06d}": n == 3 for n in range(5)} | {"d": False}
    assert sources.count() == len(frames) == 6


def test_a_video_that_is_cut_off_gives_its_frames_and_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    rng = np.random.default_rng(0)
    for _ in range(20):
        writer.write(rng.integers(0, 256, (120, 160, 3), dtype=np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    *frames, last = everything(path)
    assert 5 < len(frames) < 15
    assert isinstance(last, Damaged)
    assert last.reason == f"{path} is cut off after {len(frames)} of 20 frames"
    (tmp_path / "d.mp4").write_bytes(b"no video")
    (told,) = everything(tmp_path / "d.mp4")
    assert isinstance(told, Damaged)
    assert "cannot be read as a video" in told.reason
    assert capfd.readouterr().err == ""


def test_items_are_made_ahead_in_order_in_one_thread() -> None:
    threads, made = set(), []

    def slow() -> object:
        for number in range(10):
            threads.add(threading.current_thread().name)
            made.append(number)
            yield number

    ahead = read_ahead(slow())
    assert next(ahead) == 0
    deadline = time.monotonic() + 5
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.001)
    # Bounded: what is not used yet takes memory.
    assert made == [0, 1, 2]
    assert list(ahead) == list(range(1, 10))
    assert len(threads) == 1
    assert threads != {threading.current_thread().name}


def test_an_error_while_reading_ahead_reaches_the_reader() -> None:
    def broken() -> object:
        yield 1
        raise OSError("the disk is gone")

    ahead = read_ahead(broken())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_falsy_items_and_none_at_all_are_read_ahead() -> None:
    assert list(read_ahead([0, None, ""])) == [0, None, ""]
    assert list(read_ahead([])) == []
