"""Archives: unpacked safely, bounded, and gone afterwards."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from format_trees import cvat_masks, roboflow

from segdata.conversion import ConversionRequest, convert, plan_conversion
from segdata.errors import BadData, UserError
from segdata.images import read_label
from segdata.sources import archives
from segdata.sources.archives import unpacked


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, members: dict[str, bytes | str]) -> Path:
    """Members by name: bytes are files, a text is where a link points."""
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


def folder_zipped(folder: Path, path: Path) -> Path:
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    return zipped(path, files)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "A.TGZ"])
def test_an_archive_is_a_folder_for_as_long_as_it_is_read(tmp_path: Path, name: str) -> None:
    members: dict[str, bytes] = {"x/a.txt": b"1", "b.txt": b"2", "__MACOSX/x/a.txt": b"junk"}
    path = tmp_path / name
    if name.endswith("zip"):
        zipped(path, members)
    else:
        tarred(path, {**members, "x/link": "/etc/passwd"})
    with unpacked(path) as folder:
        found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
        assert found == ["b.txt", "x/a.txt"]
        assert (folder / "x/a.txt").read_bytes() == b"1"
    assert not folder.exists()


def test_a_folder_is_yielded_as_it_is(tmp_path: Path) -> None:
    with unpacked(tmp_path) as folder:
        assert folder == tmp_path


def test_one_folder_around_everything_is_taken_off(tmp_path: Path) -> None:
    with unpacked(zipped(tmp_path / "a.zip", {"task/sub/x.txt": b"", "task/y.txt": b""})) as folder:
        assert (folder / "y.txt").exists()
    with unpacked(zipped(tmp_path / "b.zip", {"train/x.txt": b""})) as folder:
        assert (folder / "train").exists()


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "a/../../evil.txt", "/tmp/evil.txt", "C:/evil.txt", "..\\evil.txt",
     "a\\..\\..\\evil.txt", "c:\\evil.txt"],
)  # fmt: skip
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    for path in (
        zipped(tmp_path / "a.zip", {name: b"x"}),
        tarred(tmp_path / "a.tar", {name: b"x"}),
    ):
        with pytest.raises(UserError, match="outside the folder"), unpacked(path):
            pass
    assert not list(tmp_path.rglob("evil.txt"))


def test_links_are_never_followed_nor_made(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("link.txt")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, str(secret))
        archive.writestr("a.txt", "fine")
    for each in (path, tarred(tmp_path / "b.tar", {"link.txt": str(secret), "a.txt": b"fine"})):
        with unpacked(each) as folder:
            assert [p.name for p in folder.iterdir()] == ["a.txt"]
    linked = tarred(tmp_path / "c.tar", {"dir": str(tmp_path), "dir/planted.txt": b"x"})
    with unpacked(linked) as folder:
        assert (folder / "planted.txt").read_bytes() == b"x"
    assert not (tmp_path / "planted.txt").exists()


def test_an_archive_that_would_fill_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_SMALL", 1 << 20)
    bomb = zipped(tmp_path / "a.zip", {"zeros.bin": bytes(8 << 20)})
    with pytest.raises(UserError, match="fill disks"), unpacked(bomb):
        pass
    bomb = tarred(tmp_path / "a.tar.gz", {"zeros.bin": bytes(8 << 20)})
    with pytest.raises(UserError, match="fill disks"), unpacked(bomb):
        pass


def test_sizes_that_lie_do_not_help_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_SMALL", 1 << 20)
    path = zipped(tmp_path / "a.zip", {"zeros.bin": bytes(8 << 20)})
    data = path.read_bytes().replace(struct.pack("<I", 8 << 20), struct.pack("<I", 100))
    path.write_bytes(data)
    with pytest.raises(UserError), unpacked(path):
        pass


def test_a_disk_without_room_is_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_SPARE", 1 << 62)
    with (
        pytest.raises(UserError, match="TMPDIR"),
        unpacked(zipped(tmp_path / "a.zip", {"a": b"xyz"})),
    ):
        pass


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 3)
    members = {f"{n}.txt": b"" for n in range(5)}
    for path in (zipped(tmp_path / "a.zip", members), tarred(tmp_path / "a.tar", {**members})):
        with pytest.raises(UserError, match="more than 3 files"), unpacked(path):
            pass


def test_where_fewer_members_are_known_to_be_no_more_are_unpacked(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {f"{n}.txt": b"" for n in range(5)})
    with pytest.raises(UserError, match="more than 3 files"), unpacked(path, 3):
        pass


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
def test_a_name_that_would_fill_the_memory_is_refused(tmp_path: Path, kind: bytes) -> None:
    header = tarfile.TarInfo("name")
    header.type, header.size = kind, 64 << 20
    path = tmp_path / "a.tar"
    path.write_bytes(header.tobuf(tarfile.USTAR_FORMAT) + bytes(64 << 20))
    tracemalloc.start()
    with pytest.raises(UserError, match="a name of 64 MiB is none"), unpacked(path):
        pass
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_what_macos_adds_is_left_out(tmp_path: Path) -> None:
    members = {"a/b.txt": b"x", "a/._b.txt": b"y", "._a": b"z"}
    for path in (zipped(tmp_path / "a.zip", members), tarred(tmp_path / "a.tar", {**members})):
        with unpacked(path) as folder:
            assert [p.name for p in folder.rglob("*")] == ["b.txt"]


def test_an_encrypted_archive_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.txt": b"abc"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # general purpose flag of the local header, bit 0
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and of the central directory
    path.write_bytes(bytes(data))
    with pytest.raises(UserError, match="encrypted"), unpacked(path):
        pass


def test_damaged_archives_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for path in (
        zipped(tmp_path / "a.zip", {"a.txt": os.urandom(3000), "b/c.txt": b"x" * 500}),
        tarred(tmp_path / "a.tar.gz", {"a.txt": os.urandom(3000), "b/c.txt": b"x" * 500}),
        tarred(tmp_path / "a.tar", {"a.txt": os.urandom(3000), "b/c.txt": b"x" * 500}),
    ):
        whole = path.read_bytes()
        for _ in range(60):
            data = bytearray(whole[: int(rng.integers(0, len(whole) + 1))] or b"")
            for _ in range(int(rng.integers(0, 4))):
                if data:
                    data[int(rng.integers(0, len(data)))] = int(rng.integers(0, 256))
            path.write_bytes(bytes(data))
            try:
                with unpacked(path):
                    pass
            except UserError:
                continue


def test_convert_takes_an_archive_and_names_it(tmp_path: Path) -> None:
    expected = cvat_masks(tmp_path / "task")
    path = folder_zipped(tmp_path / "task", tmp_path / "task.zip")
    done = convert(ConversionRequest(source=path, out=tmp_path / "out"))
    assert done.plan.request.source == path
    assert done.plan.source.labels == path / "SegmentationClass"
    for key, ids in expected.items():
        label = read_label(tmp_path / "out" / "SegmentationClass" / f"{key}.png")
        assert np.array_equal(label, ids)
    assert plan_conversion(ConversionRequest(source=path, out=tmp_path / "x")).source.items


def test_findings_and_errors_name_the_archive(tmp_path: Path) -> None:
    roboflow(tmp_path / "pets")
    broken = next((tmp_path / "pets" / "train").glob("*_mask.png"))
    broken.write_bytes(b"no image")
    path = folder_zipped(tmp_path / "pets", tmp_path / "pets.zip")
    with pytest.raises(BadData) as caught:
        convert(ConversionRequest(source=path, out=tmp_path / "out"))
    finding = next(iter(caught.value.report))
    assert finding.path == str(path / "train" / broken.name)
    assert str(path) in caught.value.refused
    (tmp_path / "pets" / "train" / "_classes.csv").write_text("Pixel Value, Class\n0, a\nx, b\n")
    path = folder_zipped(tmp_path / "pets", tmp_path / "pets.zip")
    with pytest.raises(UserError) as wrong:
        convert(ConversionRequest(source=path, out=tmp_path / "out2"))
    assert str(path / "train" / "_classes.csv") in wrong.value.message


def test_photos_of_an_archive_cannot_be_linked(tmp_path: Path) -> None:
    cvat_masks(tmp_path / "task")
    path = folder_zipped(tmp_path / "task", tmp_path / "task.zip")
    with pytest.raises(UserError, match="linked"):
        convert(ConversionRequest(source=path, out=tmp_path / "out", photos="symlink"))
