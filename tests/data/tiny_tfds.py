"""Data sets that TensorFlow Datasets prepares in a moment, for tests."""

import io

import numpy as np
from PIL import Image

RANDOM = np.random.default_rng(0)


def pictures(samples, shape=(4, 6, 3)):
    return RANDOM.integers(0, 256, (samples, *shape), np.uint8)


def encoded(image, kind="png", **options):
    """Returns an image file; TensorFlow Datasets stores it as it is."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind, **options)
    return io.BytesIO(stream.getvalue())


def builder_class(name, features, examples, supervised_keys=None):
    """Returns a builder class, which TensorFlow Datasets registers by its name.

    Args:
        name: In camel case.
        features: Dict from name to feature.
        examples: Dict from split to a list of examples.
        supervised_keys: As for `tfds.core.DatasetInfo`.
    """
    import tensorflow_datasets as tfds

    def info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features), supervised_keys=supervised_keys
        )

    def generate(self, split):
        yield from enumerate(examples[split])

    return type(
        name,
        (tfds.core.GeneratorBasedBuilder,),
        {
            "__module__": __name__,
            "VERSION": tfds.core.Version("1.0.0"),
            "_info": info,
            "_split_generators": lambda self, _: {s: self._generate_examples(s) for s in examples},
            "_generate_examples": generate,
        },
    )


def prepare(data_dir, *arguments, **options):
    """Prepares a data set in a folder; see `builder_class`. Returns its builder."""
    builder = builder_class(*arguments, **options)(data_dir=data_dir)
    builder.download_and_prepare()
    return builder
