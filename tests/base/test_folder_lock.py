import pytest

from kerasrecipes.base.files import clear, locked


def test_a_second_one_is_kept_out(tmp_path):
    folder, message = tmp_path / "a" / "b", "Another process is at work in .*b: process"
    with locked(folder), pytest.raises(BlockingIOError, match=message), locked(folder):
        pass
    with locked(folder):
        assert (folder / "lock").is_file()
    assert not list(folder.iterdir())


def test_all_but_the_lock_is_cleared(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder/file", "lock"):
        (tmp_path / name).touch()
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
