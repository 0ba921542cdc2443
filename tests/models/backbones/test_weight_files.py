import h5py
import keras
import numpy as np
import pytest

from kerasrecipes.models.backbones.weight_files import load_weight_file
from tests.models.backbones.tiny_application import tiny_application


def tiny(weights=None, **options):
    return tiny_application(weights=weights, input_shape=(8, 8, 3), **options)


def randomized(seed=0, **options):
    network = tiny(**options)
    generator = np.random.default_rng(seed)
    network.set_weights([generator.random(w.shape).astype("float32") for w in network.weights])
    return network


def write_weights(network, path):
    network.save_weights(path)


def write_legacy(network, path, chunked=False):
    """Writes weights in Keras 2's layout: layers in order, each with the names of its weights."""
    layers = [layer for layer in network.layers if layer.weights]
    with h5py.File(path, "w") as file:
        names = np.array([layer.name.encode() for layer in network.layers])
        if chunked:
            for number, part in enumerate(np.array_split(names, 2)):
                file.attrs[f"layer_names{number}"] = part
        else:
            file.attrs["layer_names"] = names
        for layer in network.layers:
            group = file.create_group(layer.name)
            weights = layer.weights if layer in layers else []
            of_layer = [f"{layer.name}/{weight.name}:0" for weight in weights]
            group.attrs["weight_names"] = np.array([name.encode() for name in of_layer])
            for name, weight in zip(of_layer, weights, strict=True):
                group[name] = keras.ops.convert_to_numpy(weight)


def write_legacy_model(network, path):
    write_legacy(network, path)
    with h5py.File(path, "r+") as file:
        inner = file.create_group("model_weights")
        for name in [n for n in file if n != "model_weights"]:
            file.move(name, f"model_weights/{name}")
        inner.attrs["layer_names"] = file.attrs["layer_names"]
        del file.attrs["layer_names"]


LAYOUTS = {
    "weights.h5": (write_weights, "tiny.weights.h5"),
    "legacy": (write_legacy, "tiny.h5"),
    "legacy-chunked": (lambda n, p: write_legacy(n, p, chunked=True), "tiny.h5"),
    "legacy-model": (write_legacy_model, "tiny.h5"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_layouts(layout, tmp_path):
    write, name = LAYOUTS[layout]
    saved = randomized()
    write(saved, tmp_path / name)
    network = tiny()
    load_weight_file(network, tmp_path / name)
    for found, expected in zip(network.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_architecture_says_which_layers_differ(layout, tmp_path):
    write, name = LAYOUTS[layout]
    write(randomized(filters=5), tmp_path / name)
    with pytest.raises(ValueError, match="of another architecture: block1_conv1 must have"):
        load_weight_file(tiny(), tmp_path / name)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layers_too_many_and_missing(layout, tmp_path):
    write, name = LAYOUTS[layout]
    base = tiny()
    x = keras.layers.Dense(3, name="predictions")(base.output)
    with_top = keras.Model(base.input, x, name="tiny")
    write(with_top, tmp_path / name)
    with pytest.raises(ValueError, match="predictions must not be there; take .*'notop'"):
        load_weight_file(tiny(), tmp_path / name)
    write(base, tmp_path / name)
    with pytest.raises(ValueError, match="predictions is missing"):
        load_weight_file(with_top, tmp_path / name)


def test_bad_files(tmp_path):
    with pytest.raises(ValueError, match=r"must be 'pretrained'.*weights='.*none.h5'"):
        load_weight_file(tiny(), tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(ValueError, match="text.h5 is another kind of file, or is damaged"):
        load_weight_file(tiny(), tmp_path / "text.h5")
    with pytest.raises(ValueError, match="Did you mean 'text.h5'"):
        load_weight_file(tiny(), tmp_path / "txt.h5")
