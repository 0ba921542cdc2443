"""Every public name has one door: the package that exports it."""

import ast
import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import kerasrecipes

ROOT = Path(kerasrecipes.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def _dotted(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [_dotted(path) for path in FILES]
PACKAGES = {_dotted(path): path for path in FILES if path.name == "__init__.py"}
ROOMS = [name for name in PACKAGES if name.count(".") == 1]
DOORS = [name for name, path in PACKAGES.items() if "__all__ = " in path.read_text("utf-8")]
# Helpers of every room, and style and templates of pages: they change as their callers need.
INTERNAL_ROOMS = {"kerasrecipes.base", "kerasrecipes.page"}
# It hands its modules to the front doors, as a table.
TABLE = "kerasrecipes.cli.commands"


def _tree(path):
    return ast.parse(path.read_text("utf-8"))


def _defined(path):
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node for node in _tree(path).body if isinstance(node, definitions)]


# The classes that Keras finds in a file by their name.
REGISTERED = [
    node.name
    for path in FILES
    for node in _defined(path)
    if any("register_keras_serializable" in ast.unparse(d) for d in node.decorator_list)
]


def _run(program, *arguments, cwd=ROOT.parent, backend=None, **variables):
    """Runs a program in a fresh process, and returns what it printed."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"PYTHONPATH": str(ROOT.parent), **variables}
    if backend:
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"needs {backend}")
        environment["KERAS_BACKEND"] = backend
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_room_but_two_exports_something():
    assert {*ROOMS} - {*DOORS} == INTERNAL_ROOMS
    assert "kerasrecipes" in DOORS


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_says_what_it_holds_and_exports_names_or_nothing_at_all(name):
    tree = _tree(PACKAGES[name])
    assert ast.get_docstring(tree)
    assert name in DOORS or len(tree.body) == 1 or name == TABLE


@pytest.mark.parametrize("name", DOORS)
def test_a_package_exports_what_is_its_own_and_no_module(name):
    package = importlib.import_module(name)
    assert len({*package.__all__}) == len(package.__all__) > 0
    for exported in package.__all__:
        value = getattr(package, exported)
        assert not isinstance(value, ModuleType), exported
        if not exported.isupper():  # A constant does not know where it is defined.
            assert value.__name__ == exported
            assert value.__module__.startswith(f"{name}."), exported
    with pytest.raises(AttributeError, match="tarin"):
        _ = package.tarin


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_has_no_module_that_is_not_inside_of_it(name):
    package = importlib.import_module(name)
    modules = {n: v for n, v in vars(package).items() if isinstance(v, ModuleType)}
    assert {n: v.__name__ for n, v in modules.items()} == {n: f"{name}.{n}" for n in modules}


@pytest.mark.parametrize("name", DOORS)
def test_no_module_inside_of_a_package_has_a_name_that_it_exports(name):
    inside = {module.rpartition(".")[2] for module in MODULES if module.rpartition(".")[0] == name}
    assert not inside & {*importlib.import_module(name).__all__}


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_bears_the_name_of_a_function_or_class_that_it_defines(room):
    files = sorted((ROOT / room.rpartition(".")[2]).rglob("*.py"))
    assert files
    shared = [p for p in files if _dotted(p).rpartition(".")[2] in {d.name for d in _defined(p)}]
    assert not shared


def test_that_holds_whatever_was_imported_before(pytestconfig):
    modules = [*MODULES]
    random.Random(pytestconfig.getoption("--seed")).shuffle(modules)
    program = """
import importlib, json, sys
for module in json.loads(sys.argv[1]):
    importlib.import_module(module)
from tests import test_package as tests
for name in tests.PACKAGES:
    tests.test_a_package_has_no_module_that_is_not_inside_of_it(name)
for name in tests.DOORS:
    tests.test_a_package_exports_what_is_its_own_and_no_module(name)
"""
    _run(program, json.dumps(modules))


def test_what_a_script_needs_is_at_the_front():
    from kerasrecipes import Recipe, Run, load, main, sweep, train, train_folder, use

    names = {"Recipe", "Run", "load", "main", "sweep", "train", "train_folder", "use"}
    assert {*kerasrecipes.__all__} == names
    assert all(map(callable, (Recipe, Run, load, main, sweep, train, train_folder, use)))


def test_importing_the_package_imports_neither_keras_nor_numpy():
    heavy = {"keras", "numpy", "tensorflow", "jax", "torch", "scipy", "sklearn", "matplotlib"}
    assert _run(f"import sys, kerasrecipes; print({heavy} & {{*sys.modules}})") == "set()"


@pytest.mark.parametrize(("given", "expected"), [({}, "2"), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "0")])
def test_tensorflow_is_asked_for_errors_only_unless_told_otherwise(given, expected):
    program = "import kerasrecipes, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert _run(program, **given) == expected


@pytest.mark.parametrize(
    ("backend", "first"),
    [
        ("jax", "import keras, kerasrecipes"),
        ("jax", "from kerasrecipes.layers import RandomPadCrop"),
        ("jax", "from kerasrecipes import train"),
        ("torch", "import kerasrecipes"),
    ],
)
def test_keras_finds_every_class_whatever_is_imported_first(backend, first):
    program = f"""
{first}
import json, sys, keras
found = keras.saving.get_registered_object
print(json.dumps([name for name in sys.argv[1:] if found(f"kerasrecipes>{{name}}") is None]))
assert "tensorflow" not in sys.modules
"""
    assert len(REGISTERED) > 50
    assert json.loads(_run(program, *REGISTERED, backend=backend)) == []


def test_keras_loads_models_after_importing_the_package_alone(tmp_path):
    import keras

    from kerasrecipes import layers, losses, metrics, models, optimizers, schedules

    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).astype("float32")
    standardization = layers.Standardization()
    standardization.adapt(images)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomPadCrop(2),
            standardization,
            layers.WeightNormalization(keras.layers.Conv2D(4, 3)),
            layers.InstanceNormalization(),
            layers.StochasticDepth(0.1),
            keras.layers.Flatten(),
            layers.DropConnect(keras.layers.Dense(8)),
            layers.VanillaDropout(0.5),
            keras.layers.Dense(3),
        ]
    )
    model.compile(
        optimizers.Lookahead(
            optimizers.AdaBelief(schedules.Warmup(schedules.LinearDecay(0.01, 10), 5))
        ),
        losses.ClassLoss(keras.losses.CategoricalCrossentropy(from_logits=True)),
        metrics=[metrics.ClassMetric(keras.metrics.F1Score(average="macro"))],
        run_eagerly=True,
    )
    model.fit(images, np.arange(6) % 3, verbose=0)
    saved = {"trained": model, "mirrored": models.with_test_time_augmentation(model, "flip")}
    np.save(tmp_path / "images.npy", images)
    for name, each in saved.items():
        each.save(tmp_path / f"{name}.keras")
    program = """
import sys, kerasrecipes, keras, numpy as np
images = np.load("images.npy")
for name in sys.argv[1:]:
    model = keras.models.load_model(f"{name}.keras")
    np.save(f"{name}.npy", keras.ops.convert_to_numpy(model(images, training=False)))
optimizer = keras.models.load_model("trained.keras").optimizer
print(optimizer.name, optimizer.optimizer.name, int(optimizer.iterations))
"""
    optimizer = model.optimizer
    names = f"{optimizer.name} {optimizer.optimizer.name}"
    assert _run(program, *saved, cwd=tmp_path) == f"{names} 1"
    for name, each in saved.items():
        expected = keras.ops.convert_to_numpy(each(images, training=False))
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), expected, atol=1e-5)
