import numpy as np
import pytest

from kerasrecipes.training.features.feature_file import FORMAT, FeatureFile


@pytest.fixture
def rows():
    return np.random.default_rng(0).random((7, 3, 2)).astype("float32")


def written(path, rows):
    file = FeatureFile(path, rows.shape)
    file.cut_to(0)
    file.append(rows[:4])
    file.append(rows[4:])
    file.finish()
    return file


def test_it_is_an_ordinary_npy_file(tmp_path, rows):
    file = written(tmp_path / "x.npy", rows)
    assert file.is_whole
    assert file.size_bytes == rows.nbytes
    assert isinstance(file.read(), np.memmap)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), rows)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.json", "x.npy"]


def test_it_is_gone_on_with(tmp_path, rows):
    file = FeatureFile(tmp_path / "x.npy", rows.shape)
    assert file.rows_there() == 0
    file.cut_to(0)
    assert file.rows_there() == 0
    file.append(rows[:5])
    with (tmp_path / "x.partial").open("ab") as half_a_row:
        half_a_row.write(b"half")
    again = FeatureFile(tmp_path / "x.npy", rows.shape)
    assert again.rows_there() == 5
    assert not again.is_whole
    again.cut_to(4)
    again.append(rows[4:])
    again.finish()
    np.testing.assert_array_equal(again.read(), rows)


def test_what_is_not_whole_or_of_another_version(tmp_path, rows):
    file = written(tmp_path / "x.npy", rows)
    assert not FeatureFile(tmp_path / "x.npy", (8, 3, 2)).is_whole
    (tmp_path / "x.json").write_text(f'{{"format": {FORMAT + 1}, "shape": [7, 3, 2]}}')
    assert not file.is_whole
    written(tmp_path / "x.npy", rows)
    assert file.is_whole
    content = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(content[:-4])
    assert not file.is_whole
    (tmp_path / "x.npy").write_bytes(content)
    (tmp_path / "x.json").unlink()
    assert not file.is_whole
