import functools
import io
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data import TFDS
from kerasrecipes.data.reading.decoding import BrokenImageError
from kerasrecipes.data.split import ArraySplit, RecordSplit
from tests.data.tiny_tfds import builder_class, encoded, pictures, prepare

tfds = pytest.importorskip("tensorflow_datasets")

NAMES = ["cat", "dog", "owl"]
TRAIN, TEST = pictures(60), pictures(12)
LABELS = np.arange(60) % 3


def examples(images, labels, **more):
    return [
        {"image": image, "label": int(label), **more}
        for image, label in zip(images, labels, strict=True)
    ]


def features(shape=(4, 6, 3), **more):
    return {
        "image": tfds.features.Image(shape=shape),
        "label": tfds.features.ClassLabel(names=NAMES),
        **more,
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A `data_dir` with some data sets."""
    data_dir = tmp_path_factory.mktemp("tfds")
    both = {"train": examples(TRAIN, LABELS), "test": examples(TEST, LABELS[:12])}
    prepare(data_dir, "TinyPictures", features(), both, ("image", "label"))
    return data_dir


def load(home, name="tiny_pictures", **options):
    return TFDS(name, data_dir=home, **options).load()


def contents(*splits):
    """Returns images with their labels as a set."""
    return {
        pair
        for split in splits
        for pair in zip(
            map(bytes, split.read(range(len(split)))), split.labels.tolist(), strict=True
        )
    }


def expected(images, labels):
    return set(zip(map(bytes, images), np.ravel(labels).tolist(), strict=True))


@pytest.mark.parametrize(("in_memory", "kind"), [(None, ArraySplit), (False, RecordSplit)])
def test_images_labels_and_names(home, in_memory, kind):
    data = load(home, in_memory=in_memory)
    assert data.class_counts() == {"train": [18] * 3, "validation": [2] * 3, "test": [4] * 3}
    assert contents(data.train, data.validation) == expected(TRAIN, LABELS)
    assert contents(data.test) == expected(TEST, LABELS[:12])
    assert data.class_names == tuple(NAMES)
    assert data.image_shape == (4, 6, 3)
    assert data.resize is None
    assert data.source == "TensorFlow Datasets tiny_pictures/1.0.0"
    assert all(isinstance(split, kind) for split in data.splits.values())


def test_as_tfds_reads_it(home):
    """TensorFlow Datasets' own reader is the reference."""
    builder = tfds.builder("tiny_pictures", data_dir=home)
    theirs = [(bytes(e["image"]), e["label"]) for e in tfds.as_numpy(builder.as_dataset("train"))]
    data = load(home, in_memory=False)
    assert contents(data.train, data.validation) == set(theirs)


def test_a_stream_reads_any_images_in_any_order(home):
    memory, stream = (load(home, in_memory=choice).train for choice in (True, False))
    np.testing.assert_array_equal(memory.labels, stream.labels)
    indices = np.array([50, 3, 3, 17])
    np.testing.assert_array_equal(stream.read(indices), memory.images[indices])
    assert stream.name(0).startswith("tiny_pictures-train.tfrecord-00000-of-00001#")


def test_hash_does_not_depend_on_the_place(home, tmp_path):
    shutil.copytree(home / "tiny_pictures", tmp_path / "tiny_pictures")
    for in_memory in (True, False):
        here, there = (load(place, in_memory=in_memory).hash for place in (home, tmp_path))
        assert here == there
        assert here != load(home, in_memory=in_memory, split_seed=1).hash


def test_splits_and_parts_of_splits(home):
    data = load(home, train_split="train[:70%]", validation_split="train[70%:]", test_split=None)
    assert data.sizes == {"train": 42, "validation": 18}
    assert contents(data.train) | contents(data.validation) == expected(TRAIN, LABELS)
    drawn = load(home, train_split="train+test", test_split=None, test_fraction=0.25)
    assert drawn.sizes == {"train": 48, "validation": 6, "test": 18}


def test_classes_choose_and_order(home):
    data = load(home, classes=["owl", "cat"], examples_per_class=5)
    assert data.class_names == ("owl", "cat")
    assert data.class_counts() == {"train": [5, 5], "validation": [2, 2], "test": [4, 4]}
    test = zip(TEST, LABELS[:12], strict=True)
    chosen = [(image, {2: 0, 0: 1}[label]) for image, label in test if label != 1]
    assert contents(data.test) == expected(*zip(*chosen, strict=True))


def test_resizing_and_channels(home):
    data = load(home, image_size=(3, 5), resize="stretch", channels=1)
    assert data.image_shape == (3, 5, 1)
    assert data.resize == "stretch"


def test_images_of_different_sizes(tmp_path):
    images = [pictures(1, (size, 8, 1))[0] for size in range(4, 34)]
    prepare(
        tmp_path, "TinySizes", features((None, None, 1)), {"train": examples(images, LABELS[:30])}
    )
    choose = functools.partial(load, tmp_path, "tiny_sizes", test_split=None)
    with pytest.raises(ValueError, match="`image_size` must be given.*differ in size"):
        choose()
    data = choose(image_size=8)
    assert data.image_shape == (8, 8, 1)
    assert data.resize == "crop"


def test_large_sets_stream(home, monkeypatch):
    all_bytes = 72 * 4 * 6 * 3
    monkeypatch.setattr("kerasrecipes.data.sources.options.MEMORY_LIMIT_BYTES", all_bytes)
    assert isinstance(load(home).train, ArraySplit)
    monkeypatch.setattr("kerasrecipes.data.sources.options.MEMORY_LIMIT_BYTES", all_bytes - 1)
    assert isinstance(load(home).train, RecordSplit)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """Data sets of 120 images: one and two of them broken in the header, one behind it."""
    home = tmp_path_factory.mktemp("damaged")
    labels = np.arange(120) % 3
    noise = [encoded(image, "jpeg").getvalue() for image in pictures(120, (32, 32, 3))]
    for name, changes in {
        "OneBroken": {7: b"no image"},
        "TwoBroken": {7: b"no image", 8: b""},
        "OneTruncated": {7: noise[7][:-400]},
    }.items():
        files = [io.BytesIO(changes.get(i, content)) for i, content in enumerate(noise)]
        prepare(home, name, features((None, None, 3)), {"train": examples(files, labels)})
    return functools.partial(load, home, test_split=None, image_size=32)


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_broken_image_is_named_and_skipped(damaged, in_memory):
    data = damaged("one_broken", in_memory=in_memory)
    assert sum(data.sizes.values()) == 119
    ((name, reason),) = data.skipped
    assert name.startswith("one_broken-train.tfrecord-00000-of-00001#")
    assert "not a JPEG" in reason
    for split in data.splits.values():
        split.read(range(len(split)))


@pytest.mark.parametrize("in_memory", [True, False])
def test_more_than_one_percent_broken(damaged, in_memory):
    with pytest.raises(ValueError, match=r"At most 1% .*'two_broken'.* 2 of 120") as info:
        damaged("two_broken", in_memory=in_memory, broken_fraction=0.01)
    assert "not a JPEG" in str(info.value)
    assert "empty" in str(info.value)


def test_damage_behind_the_header(damaged):
    ((_, reason),) = damaged("one_truncated", in_memory=True).skipped
    assert "truncated" in reason
    data = damaged("one_truncated", in_memory=False)
    assert data.skipped == ()
    with pytest.raises(BrokenImageError, match="one_truncated-train.tfrecord.* cannot be read"):
        contents(*data.splits.values())


def test_which_feature_is_the_class(tmp_path):
    coarse = tfds.features.ClassLabel(names=["fur", "feathers"])
    made = examples(TRAIN, LABELS, coarse=1)
    prepare(tmp_path, "TwoLabels", features(coarse=coarse), {"train": made})
    prepare(tmp_path, "OneIsMeant", features(coarse=coarse), {"train": made}, ("image", "label"))
    choose = functools.partial(load, tmp_path, test_split=None)
    assert choose("one_is_meant").class_names == tuple(NAMES)
    assert choose("two_labels", label="label").hash == choose("one_is_meant").hash
    with pytest.raises(ValueError, match="one label .*Choose one by `label`. .*label, coarse"):
        choose("two_labels")
    with pytest.raises(ValueError, match="'labels'") as info:
        choose("two_labels", label="labels")
    assert "Did you mean 'label'?" in str(info.value)
    with pytest.raises(ValueError, match="must have training images.*none of class 'fur'"):
        choose("one_is_meant", label="coarse")


def test_what_is_no_image_classification(tmp_path):
    number, image = tfds.features.Scalar(np.int64), features()["image"]
    unlabelled = [{"image": picture, "label": 3} for picture in TRAIN[:3]]
    prepare(tmp_path, "NoLabels", {"image": image, "label": number}, {"train": unlabelled})
    prepare(tmp_path, "NoImages", {"label": features()["label"]}, {"train": [{"label": 0}]})
    floats = tfds.features.Image(shape=(4, 6, 1), dtype=np.float32)
    real = examples(TRAIN[..., :1].astype("float32"), LABELS)
    prepare(tmp_path, "FloatImages", features() | {"image": floats}, {"train": real})
    hidden = {"train": examples(TRAIN, LABELS), "test": examples(TEST, [-1] * 12)}
    prepare(tmp_path, "HiddenLabels", features(), hidden)
    for name, message in {
        "no_labels": "Received: 'no_labels', which has no class labels",
        "no_images": "Received: 'no_images', which has no images",
        "float_images": "of 8 or 16 bits. Received: dtype=float32",
        "hidden_labels": "`test_split` must be .* from -1 to -1 in 'test', where -1 stands",
    }.items():
        with pytest.raises(ValueError, match=message):
            load(tmp_path, name)
    assert load(tmp_path, "hidden_labels", test_split=None).sizes["train"] == 54


def test_names_that_do_not_exist(home):
    for name, meant in {"cifar01": "cifar10", "tiny_picture": "tiny_pictures"}.items():
        with pytest.raises(ValueError, match=f"Did you mean '{meant}'?") as info:
            load(home, name)
        assert len(str(info.value)) < 400


def test_what_is_not_there_and_cannot_be_downloaded(tmp_path, monkeypatch):
    def fail(self):
        raise ConnectionError("no network\nand a long story")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    for options, reason in (
        ({}, r"\(no network\)\. Run this"),
        ({"download": False}, "Set download=True"),
    ):
        with pytest.raises(ValueError, match=reason) as info:
            load(tmp_path, "mnist", **options)
        code = "import tensorflow_datasets as tfds; "
        code += f"tfds.builder('mnist', data_dir='{tmp_path}').download_and_prepare()"
        assert f'python -c "{code}"' in str(info.value)
        compile(code, "command", "exec")


def test_nothing_is_downloaded_in_vain(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", pytest.fail)
    for name, options, message in (
        ("coco/2014", {}, "no class labels"),
        ("tf_flowers", {}, "`image_size` must be given"),
        ("mnist", {"classes": ["1", "11"]}, "classes of 'mnist'"),
    ):
        with pytest.raises(ValueError, match=message):
            load(tmp_path, name, **options)
    assert not any(tmp_path.iterdir())


def test_a_long_header_is_read_whole(tmp_path):
    """Cameras put a preview before the image."""
    exif = Image.Exif()
    exif[0x010E] = "x" * 20_000
    files = [encoded(image, "jpeg", exif=exif) for image in pictures(60, (32, 32, 3))]
    prepare(tmp_path, "LongHeaders", features((32, 32, 3)), {"train": examples(files, LABELS)})
    data = load(tmp_path, "long_headers", test_split=None, in_memory=False)
    assert data.skipped == ()
    assert data.train.records.open(0).getvalue().find(b"x" * 20_000) > 0


def test_what_is_not_there_is_downloaded(tmp_path):
    builder_class("TinyLate", features(), {"train": examples(TRAIN, LABELS)})
    assert load(tmp_path, "tiny_late", test_split=None).sizes["train"] == 54
    assert (tmp_path / "tiny_late" / "1.0.0" / "features.json").is_file()


def test_files_of_another_format(tmp_path):
    pytest.importorskip("array_record")
    made = {"train": examples(TRAIN, LABELS)}
    cls = builder_class("TinyArrays", features(), made)
    cls(data_dir=tmp_path, file_format="array_record").download_and_prepare()
    with pytest.raises(ValueError, match="must be prepared as tfrecord files.*array_record files"):
        load(tmp_path, "tiny_arrays")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_split": "trian"}, "`train_split` must be a split of .*Did you mean 'train'?"),
        ({"test_split": "validation"}, "`test_split` .*: train, test, or .*test_fraction=0.1"),
        ({"validation_split": "train[:5]"}, "`train_split` and `validation_split` .*: 5 images"),
        ({"test_split": "train"}, "`train_split` and `test_split` .*: 60 images"),
        ({"classes": ["cat", "dgo"]}, "classes of 'tiny_pictures'.*Did you mean 'dog'?"),
        ({"examples_per_class": 19}, "smallest class, 18 of 'cat'"),
        ({"train_split": "train[:1]"}, "none of class"),
    ],
)
def test_options_that_do_not_fit_the_data(home, options, message):
    with pytest.raises(ValueError, match=message):
        load(home, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": 3}, TypeError, "`name` must be a string"),
        ({"train_split": None}, TypeError, "`train_split` must be a string"),
        ({"test_fraction": 0.1}, ValueError, "`test_split` must be None if"),
        ({"validation_fraction": 1}, ValueError, r"in \(0, 1\)"),
        ({"image_size": 0}, ValueError, "`image_size`"),
        ({"resize": "crp"}, ValueError, "Did you mean 'crop'?"),
        ({"channels": 4}, ValueError, "one of None, 1, 3"),
        ({"classes": ["cat"]}, ValueError, "at least two"),
        ({"in_memory": 3}, ValueError, "`in_memory`"),
        ({"download": "no"}, ValueError, "`download`"),
    ],
)
def test_options_out_of_range(options, error, message):
    with pytest.raises(error, match=message):
        TFDS(**({"name": "mnist"} | options))


def test_reading_does_not_import_tensorflow(home):
    program = (
        "import sys; from kerasrecipes.data.sources.tfds import TFDS\n"
        f"data = TFDS('tiny_pictures', data_dir={str(home)!r}, in_memory=False).load()\n"
        "data.train.read([0, 1]); print('tensorflow' in sys.modules)"
    )
    environment = {"KERAS_BACKEND": "numpy", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr
