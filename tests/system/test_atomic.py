"""Files and folders appear completely or not at all, and what is no regular file stays what it
is."""

import os
import stat
import threading
from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.atomic import (
    make_writable_folder,
    remove_unfinished,
    save_json,
    save_text,
    whole_file,
    whole_folder,
)

posix = pytest.mark.skipif(os.name != "posix", reason="needs devices and modes of POSIX")
FAILURES = [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("a fault")]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_and_its_folder_are_made(tmp_path: Path) -> None:
    save_text(tmp_path / "a" / "b", "Zoë\r\n")
    assert (tmp_path / "a" / "b").read_bytes() == "Zoë\r\n".encode()
    save_json(tmp_path / "c.json", {"ä": 1})
    assert (tmp_path / "c.json").read_text(encoding="utf-8") == '{\n  "ä": 1\n}\n'


def write_half(path: Path, failure: BaseException) -> None:
    with whole_file(path) as file:
        file.write(b"half")
        assert path.read_text() == "before"
        raise failure


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_leaves_the_old_file(tmp_path: Path, failure: BaseException) -> None:
    path = tmp_path / "x"
    path.write_text("before")
    expected = UserError if isinstance(failure, OSError) else type(failure)
    with pytest.raises(expected):
        write_half(path, failure)
    assert (names(tmp_path), path.read_text()) == (["x"], "before")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "x"
    path.write_text("before")
    path.chmod(mode)
    save_text(path, "after")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("after", mode)


@posix
def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    save_text(tmp_path / "x", "")
    (tmp_path / "y").touch()
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "y").stat().st_mode


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    if exists:
        target.write_text("before")
    link.symlink_to(target)
    save_text(link, "after")
    assert link.is_symlink()
    assert target.read_text() == "after"
    assert names(tmp_path / "folder") == ["target"]


@posix
def test_a_full_device_is_an_error_and_stays_a_device(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "link").symlink_to("/dev/full")
    for path in (Path("/dev/full"), tmp_path / "link"):
        with pytest.raises(UserError, match="No space left"):
            save_text(path, "text")
        assert path.is_char_device()
    save_text(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()


@posix
def test_a_fifo_gets_the_text_and_stays_a_fifo(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append(path.read_text()))
    reader.start()
    save_text(path, "text")
    reader.join()
    assert received == ["text"]
    assert path.is_fifo()


def test_unfinished_files_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    with whole_file(tmp_path / "x"):
        (unfinished,) = tmp_path.iterdir()
        unfinished_copy = unfinished.with_name(f".copy{unfinished.name}")
        unfinished_copy.touch()
    assert len(names(tmp_path)) == 2
    remove_unfinished(tmp_path)
    assert names(tmp_path) == ["x"]


def write_folder(path: Path, text: str) -> None:
    with whole_folder(path) as folder:
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text(text)


def test_a_folder_replaces_the_old_one_at_the_end(tmp_path: Path) -> None:
    write_folder(tmp_path / "x", "before")
    (tmp_path / "x" / "old").touch()
    with whole_folder(tmp_path / "x") as folder:
        (folder / "c").touch()
        assert names(tmp_path / "x") == ["a", "old"]
    assert names(tmp_path) == ["x"]
    assert names(tmp_path / "x") == ["c"]


def write_half_a_folder(path: Path, failure: BaseException) -> None:
    with whole_folder(path) as folder:
        (folder / "a").touch()
        raise failure


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_leaves_the_old_folder(tmp_path: Path, failure: BaseException) -> None:
    write_folder(tmp_path / "x", "before")
    with pytest.raises(type(failure)):
        write_half_a_folder(tmp_path / "x", failure)
    assert names(tmp_path) == ["x"]
    assert (tmp_path / "x" / "a" / "b").read_text() == "before"


def test_the_next_call_removes_what_a_killed_process_has_left(tmp_path: Path) -> None:
    path = tmp_path / "x"
    (tmp_path / ".x.unfinished").mkdir()
    (tmp_path / ".x.unfinished" / "half").touch()
    write_folder(path, "after")
    assert names(tmp_path) == ["x"]
    assert names(path) == ["a"]


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    make_writable_folder(tmp_path / "a" / "b")
    assert names(tmp_path / "a" / "b") == []
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is not a writable folder"):
        make_writable_folder(tmp_path / "file")
