"""Files and folders exist only when they are whole."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from segdata.errors import UserError
from segdata.files import (
    INCOMPLETE,
    inside,
    link_file,
    output_folder,
    refuse_incomplete,
    whole_file,
    write_file,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes of files are POSIX's")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class Stopped(BaseException):
    """Stands for Ctrl-C."""


def interrupted_write(path: Path) -> None:
    with whole_file(path) as file:
        file.write(b"half of the n")
        raise Stopped


def interrupted_run(out: Path, whole: str = "") -> None:
    with output_folder(out, overwrite=bool(whole), whole=whole):
        write_file(out / "a", b"")
        assert not whole or not (out / whole).exists()
        raise Stopped


def test_a_file_holds_what_was_written(tmp_path: Path) -> None:
    write_file(tmp_path / "new/folder/a.json", b"content")
    assert (tmp_path / "new/folder/a.json").read_bytes() == b"content"
    assert names(tmp_path / "new/folder") == {"a.json"}


def test_an_interrupted_write_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(Stopped):
        interrupted_write(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"a.json"}


def test_an_interrupted_write_leaves_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        interrupted_write(tmp_path / "a.json")
    assert names(tmp_path) == set()


def test_nobody_sees_a_file_before_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.json") as file:
        file.write(b"half")
        assert not (tmp_path / "a.json").exists()
    assert (tmp_path / "a.json").read_bytes() == b"half"


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127])
def test_names_as_long_as_they_may_be_are_written(tmp_path: Path, name: str) -> None:
    write_file(tmp_path / name, b"whole")
    link_file(tmp_path / name, tmp_path / "linked" / name, symbolic=False)
    assert (tmp_path / "linked" / name).read_bytes() == b"whole"


@POSIX
def test_files_are_as_readable_as_any_other(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a.json", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("number", "why", "remedy"),
    [
        (errno.ENOSPC, "the disk is full", "free some space"),
        (errno.EACCES, "permission denied", "may write to"),
        (errno.EROFS, "read-only", "can be written"),
        (errno.EIO, "put/output error", ""),
    ],
)
def test_the_machines_faults_are_said_in_words(
    tmp_path: Path, number: int, why: str, remedy: str
) -> None:
    with pytest.raises(UserError) as caught, whole_file(tmp_path / "a.json"):
        raise OSError(number, os.strerror(number))
    assert str(tmp_path / "a.json") in caught.value.message
    assert why in caught.value.message
    assert remedy in caught.value.remedy
    assert names(tmp_path) == set()


def test_a_folder_below_a_file_is_a_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        write_file(tmp_path / "file" / "a.json", b"")
    with pytest.raises(UserError, match="cannot write"), output_folder(tmp_path / "file" / "out"):
        pass


# --- output folders ------------------------------------------------------------------------------


def test_a_folder_is_marked_until_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep/out"
    with output_folder(out):
        assert names(out) == {INCOMPLETE}
        with pytest.raises(UserError, match=r"incomplete.*\n.*run that command again"):
            refuse_incomplete(out)
        write_file(out / "a", b"")
    assert names(out) == {"a"}
    refuse_incomplete(out)


def test_an_interrupted_folder_stays_marked_and_can_be_continued(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(Stopped):
        interrupted_run(out)
    assert names(out) == {INCOMPLETE, "a"}
    with output_folder(out):
        write_file(out / "b", b"")
    assert names(out) == {"a", "b"}


def test_a_run_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Stopped), output_folder(tmp_path / "out"):
        raise Stopped
    assert names(tmp_path) == set()
    (tmp_path / "out").mkdir()
    with pytest.raises(Stopped), output_folder(tmp_path / "out"):
        raise Stopped
    assert names(tmp_path / "out") == set()


def test_a_folder_with_other_things_is_refused_unless_told(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"not empty\n.*--overwrite"), output_folder(tmp_path):
        pass
    assert names(tmp_path) == {"mine.txt"}
    with output_folder(tmp_path, overwrite=True):
        pass
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with (
        pytest.raises(UserError, match="is a file"),
        output_folder(tmp_path / "out", overwrite=True),
    ):
        pass
    assert (tmp_path / "out").read_text() == "mine"


def test_what_makes_a_folder_look_finished_goes_first(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("old")
    with pytest.raises(Stopped):
        interrupted_run(tmp_path, "manifest.json")
    assert names(tmp_path) == {INCOMPLETE, "a"}


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="permission denied"), output_folder(tmp_path / "out"):
            pass
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["/etc/a.png", "../a.png", "b/../../a.png", "b\\..\\a.png"])
def test_names_that_lead_outside_of_a_folder_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leads outside"):
        inside(tmp_path, name)


def test_names_below_a_folder_keep_their_sub_folders(tmp_path: Path) -> None:
    assert inside(tmp_path, "b/..a b.png") == tmp_path / "b" / "..a b.png"
