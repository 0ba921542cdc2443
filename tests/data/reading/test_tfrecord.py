import numpy as np
import pytest

from kerasrecipes.data.reading.tfrecord import scan_tfrecord

tf = pytest.importorskip("tensorflow")


def example(image=None, label=None, **more):
    """Returns an example as TensorFlow writes it."""
    given = {name: [value] for name, value in {"image": image, "label": label, **more}.items()}
    kinds = {bytes: ("bytes_list", tf.train.BytesList), int: ("int64_list", tf.train.Int64List)}
    features = {}
    for name, (value,) in given.items():
        if value is not None:
            field, kind = kinds.get(type(value), ("float_list", tf.train.FloatList))
            features[name] = tf.train.Feature(**{field: kind(value=[value])})
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write(path, *records):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path


def test_images_of_every_size_and_labels_of_every_size(tmp_path):
    random = np.random.default_rng(0)
    expected = [
        (random.bytes(size), label)
        for size in (1, 100, 127, 128, 129, 16_383, 16_384, 70_000)
        for label in (0, 1, 127, 128, 999, 2**31 - 1, -1, -5)
    ]
    more = {"file": b"label", "a": 3.5, "id": 77, "image/width": 32, "z": 2.5}
    records = [example(image, label, **more) for image, label in expected]
    path = write(tmp_path / "x.tfrecord", *records)
    content = path.read_bytes()
    places = scan_tfrecord(path, "image", "label")
    found = [(content[place.start :][: place.length], place.label) for place in places]
    assert found == expected


def test_what_is_missing(tmp_path):
    path = write(tmp_path / "x.tfrecord", example(label=3), example(b"abc"), example(b"", 4))
    places = scan_tfrecord(path, "image", "label")
    assert [(place.length, place.label) for place in places] == [(0, 3), (3, -1), (0, 4)]


def test_labels_that_are_not_packed(tmp_path):
    """Writers of version 2 of protocol buffers leave them so; readers must take both."""
    unpacked = b"\x0a\x0f\x0a\x0d\x0a\x05label\x12\x04\x1a\x02\x08\x2a"
    assert tf.train.Example.FromString(unpacked).features.feature["label"].int64_list.value == [42]
    (place,) = scan_tfrecord(write(tmp_path / "x.tfrecord", unpacked), "image", "label")
    assert place.label == 42


def test_an_empty_file(tmp_path):
    assert scan_tfrecord(write(tmp_path / "x.tfrecord"), "image", "label") == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda content: content + b"more",
        lambda content: b"\xff" * 8 + content[8:],
        lambda content: content[:12] + b"\xff" * 30 + content[42:],
        lambda content: b"no records at all, but some text",
    ],
)
def test_damaged_files(tmp_path, damage):
    path = write(tmp_path / "x.tfrecord", example(b"a" * 50, 1), example(b"b" * 50, 2))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"x\.tfrecord' is damaged: it is not a TFRecord file"):
        scan_tfrecord(path, "image", "label")
