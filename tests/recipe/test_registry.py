import importlib
import inspect
import subprocess
import sys
import textwrap

import keras
import pytest

import kerasrecipes.models
from kerasrecipes import training
from kerasrecipes.recipe import registry, signatures
from kerasrecipes.recipe.families import FAMILIES

FAMILIES_OF_KERAS = {
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "layer": keras.layers,
    "loss": keras.losses,
    "metric": keras.metrics,
    "regularizer": keras.regularizers,
    "initializer": keras.initializers,
    "constraint": keras.constraints,
    "callback": keras.callbacks,
}
OUR_FAMILIES = [name for name, family in FAMILIES.items() if family.package]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of a user's own, and gives its name: one for each test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source, name=f"users_{tmp_path.name}"):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        return name

    return write


def _ours(family):
    return {n for n, c in registry.names(family).items() if registry.is_ours(c)}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_public_name_of_ours_is_already_in_keras(family):
    public = {name for m in FAMILIES_OF_KERAS.values() for name in dir(m)}
    public |= set(dir(keras)) | set(dir(keras.applications)) | set(dir(keras.ops))
    assert not _ours(family) & public


@pytest.mark.parametrize("family", FAMILIES)
def test_every_component_of_ours_can_be_listed_and_resolved(family):
    for name in _ours(family):
        component = registry.resolve(name, family)
        assert component.__name__ == name
        assert registry.summary(component)
        signatures.options(component)


@pytest.mark.parametrize("family", FAMILIES_OF_KERAS)
def test_keras_classes_are_resolved_to_keras_itself(family):
    names = registry.names(family)
    theirs = {name: c for name, c in names.items() if not registry.is_ours(c)}
    assert theirs
    for name, component in theirs.items():
        assert component is getattr(FAMILIES_OF_KERAS[family], name)
    # What is only there to be inherited from is no component, nor is what they use beside it.
    assert not {"Optimizer", "LearningRateSchedule", "Layer", "Loss", "Metric", "Regularizer",
                "Initializer", "Constraint", "Callback"} & set(names)  # fmt: skip
    assert not {"InputSpec", "OptimizerMap"} & set(names)


@pytest.mark.parametrize("family", OUR_FAMILIES)
def test_a_package_offers_all_that_it_exports_but_for_base_classes_and_tools(family):
    package = importlib.import_module(FAMILIES[family].package)
    exports = {name: getattr(package, name) for name in package.__all__}
    folders = {
        "data": "kerasrecipes.data.sources",
        "model": "kerasrecipes.models",
        "sampling": "kerasrecipes.data.balancing",
    }
    if family in folders:
        inside = {n for n, e in exports.items() if folders[family] in e.__module__.rpartition(".")}
        expected = inside - {"ClassSampling"}
    else:
        averages = {n for n, e in exports.items() if "averages" in e.__module__}
        others = {
            "averaging": {*exports} - averages | {"post_hoc_coefficients"},
            "optimizer": averages,
            "layer": {"AdaptableLayer", "AugmentationLayer", "KernelWrapper"},
            "step": {"TrainingStep"},
            "initialization": {"InitializedLayer", "initialize_layer_by_layer"},
        }.get(family, set())
        assert others <= set(exports)
        expected = set(exports) - others
    assert _ours(family) == expected


@pytest.mark.parametrize("name", ["EpochLog", "ResumableCheckpoint"])
def test_what_training_adds_by_itself_is_no_component(name):
    assert issubclass(getattr(training, name), keras.callbacks.Callback)
    with pytest.raises(ValueError, match=f"There is no callback component '{name}'"):
        registry.resolve(name, "callback")


def test_a_family_lists_ours_first_and_each_part_in_order():
    names = registry.names("layer")
    ours = [n for n in names if registry.is_ours(names[n])]
    theirs = [n for n in names if not registry.is_ours(names[n])]
    assert ours
    assert [*names] == sorted(ours) + sorted(theirs)


def test_an_unknown_family_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'optimizer'"):
        registry.names("optimiser")


@pytest.mark.parametrize(
    ("name", "family", "hint"),
    [
        ("Adamm", "optimizer", "There is no optimizer component 'Adamm'. Did you mean 'Adam'"),
        ("Adamm", None, "There is no component 'Adamm'. Did you mean 'Adam'"),
        ("Conv2d", "layer", "Did you mean 'Conv2D'? `kerasrecipes list layer`"),
        ("Conv2D", "optimizer", "Adadelta, Adafactor, Adagrad, Adam, "),
        ("", None, "There is no component ''. `kerasrecipes list FAMILY`"),
    ],
)
def test_an_unknown_name_is_a_value_error_that_names_the_nearest(name, family, hint):
    with pytest.raises(ValueError, match="There is no") as caught:
        registry.resolve(name, family)
    assert hint in str(caught.value)


def test_a_name_that_is_no_string_is_a_type_error():
    with pytest.raises(TypeError, match="Received: 3"):
        registry.resolve(3)


def test_a_name_that_keras_uses_twice_has_both_meanings():
    loss, metric = registry.candidates("CategoricalCrossentropy")
    assert loss is keras.losses.CategoricalCrossentropy
    assert metric is keras.metrics.CategoricalCrossentropy
    assert registry.resolve("CategoricalCrossentropy", "metric") is metric


def test_a_data_source_has_a_name_of_its_own_and_is_found_without_keras():
    sources = registry.names("data")
    for family in set(FAMILIES) - {"data"}:
        assert not set(sources) & set(registry.names(family))
    for name, source in sources.items():
        assert registry.candidates(name) == [source]
    assert registry.data_source("evaluation_batches") is registry.data_source("SGD") is None
    program = """
        import sys
        from kerasrecipes.cli import console

        console(["show", "Npz"])
        assert not {"keras", "tensorflow"} & {*sys.modules}
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Npz (kerasrecipes)")


def test_a_registered_name_is_found_by_its_package():
    @keras.saving.register_keras_serializable(package="test_registry")
    class Doubling(keras.layers.Layer):
        pass

    assert registry.resolve("test_registry>Doubling", "layer") is Doubling
    with pytest.raises(ValueError, match="'test_registry>Halving'"):
        registry.resolve("test_registry>Halving")


def test_a_users_own_component_is_found_by_its_module(module):
    name = module(
        """
        def build(input_shape, classes, *, width=8, start=None):
            "Builds my network.\\n\\nIn detail."
        """
    )
    build = registry.resolve(f"{name}:build", "model")
    assert registry.summary(build) == "Builds my network"
    assert not registry.is_ours(build)
    assert [*signatures.options(build)] == ["width"]
    assert [*signatures.arguments(build)] == ["input_shape", "classes", "width", "start"]


@pytest.mark.parametrize("family", FAMILIES_OF_KERAS)
def test_a_users_own_class_must_be_of_the_family(family, module):
    name = module(
        """
        class Other: ...

        def make(): ...
        """
    )
    assert registry.resolve(f"{name}:make", family).__name__ == "make"
    base = FAMILIES[family].base
    with pytest.raises(ValueError, match=f"{family} must be a subclass of {base}, .*{name}:Other"):
        registry.resolve(f"{name}:Other", family)
    assert registry.resolve(f"{name}:Other").__name__ == "Other"


def test_what_is_wrong_with_a_users_own_name_is_said(module):
    name = module("def build(): ...\nsize = 3\n")
    with pytest.raises(ValueError, match=f"Module '{name}' has no 'biuld'. Did you mean 'build'"):
        registry.resolve(f"{name}:biuld")
    with pytest.raises(ValueError, match="There is no module 'no_such_module_of_mine'"):
        registry.resolve("no_such_module_of_mine:build")
    with pytest.raises(ValueError, match=f"There is no module '{name}.inner'"):
        registry.resolve(f"{name}.inner:build")
    with pytest.raises(TypeError, match="must be a class or a function"):
        registry.resolve(f"{name}:size")
    for malformed in (":build", f"{name}:", f"{name}:a:b", f".{name}:build", f"{name}:a.b"):
        with pytest.raises(ValueError, match="is named 'module:Name'"):
            registry.resolve(malformed)


def test_an_import_that_fails_inside_a_users_module_is_not_blamed_on_its_name(module):
    name = module("import no_such_dependency\n", "no_such_dependency_user")
    with pytest.raises(ModuleNotFoundError, match="'no_such_dependency'"):
        registry.resolve(f"{name}:build")


def test_options_are_collected_along_the_bases_as_far_as_kwargs_reach():
    class Base:
        def __init__(self, scale=1.0, name=None, **kwargs): ...

    class Closed(Base):
        def __init__(self, rate, name="closed"):
            super().__init__(scale=rate, name=name)

    class Open(Closed):
        def __init__(self, *, mode="x", **kwargs):
            super().__init__(0.5, **kwargs)

    assert [*signatures.options(Open)] == ["mode", "rate", "name"]
    assert signatures.options(Open)["name"].default == "closed"
    assert signatures.options(Open)["rate"].default is inspect.Parameter.empty


def test_options_of_a_keras_optimizer_include_its_base_and_nothing_arbitrary():
    options = signatures.options(keras.optimizers.SGD)
    assert {"momentum", "nesterov", "weight_decay", "clipnorm", "ema_momentum"} <= set(options)
    assert not {"self", "kwargs", "args"} & set(options)


def test_options_of_a_class_without_an_init_are_none():
    class Bare:
        pass

    assert signatures.options(Bare) == {}


def test_a_models_options_leave_out_what_training_hands_to_it():
    for build in registry.names("model").values():
        assert not set(signatures.BUILDER_ARGUMENTS) & set(signatures.options(build))
        assert {"input_shape", "classes"} <= set(signatures.arguments(build))


def test_a_new_public_name_needs_no_registration(monkeypatch):
    def Tiny(input_shape, classes): ...

    Tiny.__module__ = "kerasrecipes.models.tiny"
    registry._components.cache_clear()
    monkeypatch.setattr(kerasrecipes.models, "Tiny", Tiny, raising=False)
    monkeypatch.setattr(kerasrecipes.models, "__all__", [*kerasrecipes.models.__all__, "Tiny"])
    try:
        assert registry.resolve("Tiny", "model") is Tiny
    finally:
        registry._components.cache_clear()
