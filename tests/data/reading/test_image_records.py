import numpy as np

from kerasrecipes.data.reading.image_records import ImageRecords


def records(folder, *contents):
    """Returns one record of two bytes in each of the files, which are written."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.tfrecord" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    first, two = np.zeros(len(paths), int), np.full(len(paths), 2)
    return ImageRecords(paths, np.arange(len(paths)), first, first, two)


def test_digest_depends_on_contents_and_not_on_the_place(tmp_path):
    here = records(tmp_path / "here", b"ab", b"cd")
    assert records(tmp_path / "there", b"ab", b"cd").digest() == here.digest()
    assert records(tmp_path / "changed", b"ab", b"ce").digest() != here.digest()


def test_digest_reads_only_the_files_of_the_chosen_records(tmp_path):
    chosen = records(tmp_path / "here", b"ab", b"cd").take(np.array([0]))
    before = chosen.digest()
    (tmp_path / "here" / "1.tfrecord").unlink()
    assert chosen.digest() == before
    assert chosen.take(np.array([], int)).digest() != before
