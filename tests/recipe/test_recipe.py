import copy
import dataclasses
import hashlib
import json
import os
import pickle
import textwrap

import numpy as np
import pytest

from kerasrecipes import Recipe, use


def make(**fields):
    return Recipe(**{"data": "Digits", "model": use("MLP", units=[32]), **fields})


@pytest.fixture
def rich():
    """A recipe with something in every kind of field."""
    return make(
        data=use("Digits", classes=[3, 8], image_size=[12, 10]),
        augment=[use("RandomFlip", mode="horizontal"), use("RandomRotation", factor=0.1)],
        start=make(seed=3, augment="RandomFlip"),
        metrics=["accuracy", use("F1Score", average="macro")],
        optimizer=use(
            "SGD",
            momentum=0.9,
            learning_rate=use("CosineDecay", initial_learning_rate=0.1, warmup_epochs=1),
        ),
        callbacks=[use("TerminateOnNaN")],
        class_weight={"3": 1.0, "8": 2.5},
        steps_per_epoch=7,
        batch_size="all",
        monitor=None,
    )


def test_bare_names_stand_for_components_with_their_defaults():
    recipe = make(optimizer="AdamW", augment="RandomFlip", callbacks=["TerminateOnNaN"])
    assert recipe.optimizer == use("AdamW")
    assert recipe.augment == (use("RandomFlip"),)
    assert recipe.callbacks == (use("TerminateOnNaN"),)
    assert recipe.metrics == ("accuracy",)


def test_the_json_form_is_lossless(rich, tmp_path):
    (tmp_path / "recipe.json").write_text(json.dumps(rich.to_dict()))
    for read in (tmp_path, tmp_path / "recipe.json", str(tmp_path)):
        assert Recipe.read(read) == rich
    assert Recipe.read(tmp_path).to_dict() == rich.to_dict()
    assert Recipe.read(tmp_path).fingerprint == rich.fingerprint


def test_recipes_are_values(rich):
    for clone in (pickle.loads(pickle.dumps(rich)), copy.deepcopy(rich), rich.replace({})):
        assert clone == rich
        assert hash(clone) == hash(rich)
    assert dataclasses.replace(rich, seed=1) == rich.replace({"seed": 1})
    assert rich.replace({"seed": 1}) != rich
    with pytest.raises(dataclasses.FrozenInstanceError):
        rich.epochs = 3


def test_what_is_given_is_not_aliased():
    augment, weights, metrics = ["RandomFlip"], {"0": 1.0}, ["accuracy"]
    recipe = make(augment=augment, class_weight=weights, metrics=metrics)
    fingerprint = recipe.fingerprint
    augment.append("RandomInvert")
    weights["1"] = 2.0
    metrics.clear()
    recipe.to_dict()["augment"].clear()
    assert recipe.augment == (use("RandomFlip"),)
    assert dict(recipe.class_weight) == {"0": 1.0}
    assert recipe.metrics == ("accuracy",)
    assert make(augment="RandomFlip", class_weight={"0": 1.0}).fingerprint == fingerprint
    with pytest.raises(TypeError, match="does not support item assignment"):
        recipe.class_weight["1"] = 2.0


def test_numbers_may_come_from_numpy():
    recipe = make(epochs=np.int64(3), seed=np.uint8(1), class_weight={"0": np.float32(0.5)})
    assert recipe == make(epochs=3, seed=1, class_weight={"0": 0.5})
    assert json.loads(json.dumps(recipe.to_dict()))["epochs"] == 3


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"data": "Digit"}, ValueError, "`data`: There is no data component 'Digit'. Did you mean"),
        ({"data": "MLP"}, ValueError, "`data`: There is no data component 'MLP'."),
        ({"data": None}, TypeError, "`data` must be `use(...)` or a name. Received: data=None"),
        ({"model": "Conv2D"}, ValueError, "`model`: There is no model component 'Conv2D'."),
        ({"optimizer": use("Dense", units=1)}, ValueError, "no optimizer component 'Dense'"),
        ({"augment": ["RandomFlop"]}, ValueError, "`augment.0`: There is no layer component"),
        ({"augment": [None]}, TypeError, "`augment.0` must be `use(...)` or a name."),
        ({"metrics": ["acuracy"]}, ValueError, "`metrics.0`: There is no metric component"),
        ({"loss": "MSE"}, ValueError, "`loss`: There is no loss component 'MSE'."),
        ({"epochs": 0}, ValueError, "`epochs` must be an integer of at least 1."),
        ({"epochs": 2.5}, TypeError, "`epochs` must be an integer of at least 1."),
        ({"epochs": True}, TypeError, "`epochs` must be an integer of at least 1."),
        ({"steps_per_epoch": 0}, ValueError, "`steps_per_epoch` must be an integer"),
        ({"batch_size": "al"}, TypeError, "`batch_size` must be an integer of at least 1."),
        ({"batch_size": None}, TypeError, "`batch_size` must be an integer of at least 1."),
        ({"checkpoint_minutes": 0}, ValueError, "`checkpoint_minutes` must be a number greater"),
        ({"checkpoint_minutes": "5"}, TypeError, "`checkpoint_minutes` must be a number"),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0."),
        ({"seed": None}, TypeError, "`seed` must be an integer of at least 0."),
        ({"precision": "floar16"}, ValueError, "Did you mean 'float16'?"),
        ({"jit_compile": 1}, TypeError, "`jit_compile` must be True, False or 'auto'."),
        ({"steps_per_execution": 0}, ValueError, "`steps_per_execution` must be an integer of at"),
        ({"monitor": 3}, TypeError, "`monitor` must be a name such as 'val_accuracy', or None."),
        ({"class_weight": "balancd"}, ValueError, "Did you mean 'balanced'?"),
        ({"class_weight": [1, 2]}, ValueError, "`class_weight` must be one of None, 'balanced'"),
        ({"class_weight": {"a": 0}}, ValueError, "`class_weight.a` must be a number greater than"),
        ({"class_weight": {"a": "2"}}, TypeError, "`class_weight.a` must be a number"),
        ({"sampling": "PowerSampled"}, ValueError, "Did you mean 'PowerSampling'?"),
        ({"sampling": "PowerSampling", "class_weight": "balanced"}, ValueError, "correct twice"),
        ({"start": 3}, TypeError, "`start` must be a recipe, or the path"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields, error, message):
    with pytest.raises(error) as caught:
        make(**fields)
    assert message in str(caught.value)


def test_accuracy_is_the_metric_that_fits_the_labels_however_it_is_written():
    # keras.metrics.Accuracy compares labels with logits: never what is meant by a bare name.
    assert make(metrics=["Accuracy", "acc"]).metrics == ("accuracy", "acc")
    assert make(metrics=[use("Accuracy")]).metrics == (use("Accuracy"),)
    recipe = make(metrics=["F1Score"])
    assert recipe.replace({"metrics.0": "accuracy"}).metrics == ("accuracy",)
    assert recipe.replace({"metrics": ["accuracy", "F1Score"]}).metrics[1] == use("F1Score")


def test_the_fingerprint_is_the_hash_of_what_differs_from_the_defaults():
    canonical = (
        '{"augment":[{"padding_pixels":1,"use":"RandomPadCrop"}],'
        '"data":{"classes":[3,8],"use":"Digits"},'
        '"model":{"units":[32],"use":"MLP"},'
        '"optimizer":{"learning_rate":{"initial_learning_rate":0.1,"use":"CosineDecay"},'
        '"momentum":1,"use":"SGD"},'
        '"seed":7}'
    )
    recipe = make(
        data=use("Digits", classes=[3, 8]),
        augment=[use("RandomPadCrop", padding_pixels=1)],
        optimizer=use(
            "SGD",
            learning_rate=use("CosineDecay", initial_learning_rate=0.1),
            momentum=1.0,
        ),
        epochs=10,
        batch_size=32,
        seed=7,
    )
    # Whoever changes the canonical form orphans every run that there is.
    assert recipe.fingerprint == hashlib.sha256(canonical.encode()).hexdigest()[:12]


def test_the_fingerprint_of_defaults_does_not_depend_on_their_being_written():
    assert make().fingerprint == make(epochs=10, optimizer="Adam", metrics="accuracy").fingerprint


def test_everything_but_defaults_counts(rich):
    changes = [
        {"seed": 1},
        {"epochs": 11},
        {"data.classes": [8, 3]},
        {"model": "MLP"},
        {"augment": []},
        {"augment.0.mode": "vertical"},
        {"optimizer.momentum": 0.8},
        {"optimizer.learning_rate.warmup_epochs": 2},
        {"start": None},
        {"start.seed": 4},
        {"class_weight.8": 2.0},
        {"batch_size": 32},
        {"monitor": "val_loss"},
        {"precision": "mixed_bfloat16"},
        {"jit_compile": False},
        {"steps_per_execution": 2},
        {"callbacks": []},
    ]
    fingerprints = {rich.replace(change).fingerprint for change in changes} | {rich.fingerprint}
    assert len(fingerprints) == len(changes) + 1
    assert rich.replace({"epochs": 10}).fingerprint == rich.fingerprint
    assert rich.replace({"checkpoint_minutes": None}).fingerprint == rich.fingerprint
    assert rich.replace({"jit_compile": "auto"}).fingerprint == rich.fingerprint


def test_where_images_and_the_first_run_lie_does_not_count(tmp_path):
    folder = use("ImageFolder", directory="/data/pets")
    here = make(data=folder, start=make(data=folder))
    there = here.replace({"data.directory": "/mnt", "start.data.directory": "/mnt"})
    assert here != there
    assert here.fingerprint == there.fingerprint
    (tmp_path / "recipe.json").write_text(json.dumps(make(data=folder).to_dict()))
    by_path = here.replace({"start": str(tmp_path)})
    assert by_path.start == str(tmp_path)
    assert by_path.fingerprint == here.fingerprint
    assert by_path.start_recipe() == make(data=folder)
    assert make().start_recipe() is None


def test_a_start_that_is_not_there_is_said(tmp_path):
    recipe = make(start=tmp_path / "gone")
    with pytest.raises(ValueError, match="Expected a recipe.json or a run folder, found none"):
        recipe.start_recipe()


def test_a_start_is_reached_by_its_path(rich):
    changed = rich.replace({"start.optimizer": "SGD", "start.optimizer.momentum": 0.5})
    assert changed.start.optimizer == use("SGD", momentum=0.5)
    assert rich.flatten()["start.augment.0"] == "RandomFlip"
    assert "start.kerasrecipes" not in rich.flatten()


def test_a_start_may_be_the_changes_that_make_it(rich, tmp_path):
    changes = {"optimizer": "Adam", "optimizer.learning_rate": 0.01, "epochs": 3}
    recipe = make(epochs=9, start=changes)
    assert recipe.start_recipe() == make(
        optimizer=use("Adam", learning_rate=0.01), epochs=3, start=None
    )
    assert recipe.fingerprint == make(epochs=9, start=recipe.start_recipe()).fingerprint
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    assert Recipe.read(tmp_path) == recipe
    # What is changed here is changed there, unless it is among the changes.
    further = recipe.replace({"seed": 4, "epochs": 5, "start.optimizer.learning_rate": 0.1})
    assert further.start_recipe() == make(
        optimizer=use("Adam", learning_rate=0.1), epochs=3, seed=4
    )
    with pytest.raises(ValueError, match="Did you mean 'epochs'"):
        recipe.replace({"start.epoch": 3})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epoch": 3}, "Did you mean 'epochs'?"),
        ({"optimizer.momentun": 0.9}, "SGD has no option 'momentun'. Did you mean 'momentum'?"),
        ({"optimizer": "Adamm"}, "Did you mean 'Adam'?"),
        ({"optimizer": "AdamW", "optimizer.momentum": 0.9}, "AdamW has no option 'momentum'"),
        ({"start.epoch": 3}, "Did you mean 'epochs'?"),
        ({"augment.0": "RandomZoom"}, "RandomZoom needs the option 'height_factor'"),
        ({"epochs": 0, "seed": 1}, "`epochs` must be an integer of at least 1"),
    ],
)
def test_what_replace_cannot_do_is_said(rich, changes, message):
    with pytest.raises(ValueError, match=r"\w") as caught:
        rich.replace(changes)
    assert message in str(caught.value)


def test_changes_are_checked_together_whatever_their_order(rich):
    # Each of them alone would be refused.
    changes = {"optimizer.beta_1": 0.8, "optimizer": "AdamW"}
    forth, back = rich.replace(changes), rich.replace(dict(reversed(changes.items())))
    assert forth == back
    assert forth.optimizer == use("AdamW", beta_1=0.8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not a recipe in JSON"),
        ("[1, 2]", 'it has no "kerasrecipes" format number'),
        ("null", 'it has no "kerasrecipes" format number'),
        ("{}", 'it has no "kerasrecipes" format number'),
        (
            '{"kerasrecipes": 2}',
            "written by a newer kerasrecipes (format 2, this one reads up to 1",
        ),
        ('{"kerasrecipes": 1, "model": "MLP"}', "A recipe needs the field 'data'"),
        ('{"kerasrecipes": 1, "data": "Digits", "modell": "MLP"}', "Did you mean 'model'?"),
        ('{"kerasrecipes": 1, "data": {"use": 3}, "model": "MLP"}', "named by a string"),
        (
            '{"kerasrecipes": 1, "data": {"use": "Digits", "clases": [1]}, "model": "MLP"}',
            "Did you mean 'classes'?",
        ),
        ('{"kerasrecipes": 1, "data": "Digits", "model": "MLP", "epochs": "3"}', "`epochs` must"),
    ],
)
def test_a_file_that_is_no_recipe_is_named_with_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="recipe") as caught:
        Recipe.read(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path):
    with pytest.raises(ValueError, match="Expected a recipe.json or a run folder, found none"):
        Recipe.read(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"PK\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a recipe in JSON"):
        Recipe.read(tmp_path / "model.keras")


def test_users_own_components_are_checked_when_the_recipe_is_made(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine_for_recipe.py").write_text(
        textwrap.dedent(
            """
            def build(input_shape, classes, *, width): ...
            """
        )
    )
    recipe = make(model=use("mine_for_recipe:build", width=8))
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    with pytest.raises(ValueError, match="needs the option 'width'"):
        make(model="mine_for_recipe:build")
    with pytest.raises(ValueError, match="has no option 'classes'"):
        use("mine_for_recipe:build", width=8, classes=3)
    with pytest.raises(ValueError, match="There is no module 'mine_for_recipes'"):
        use("mine_for_recipes:build")


@pytest.mark.parametrize("version", [True, False, 0, -1, 1.0, "1", None])
def test_a_format_number_is_a_positive_integer(version):
    with pytest.raises(ValueError, match='it has no "kerasrecipes" format number'):
        Recipe.from_dict({"kerasrecipes": version, "data": "Digits", "model": "MLP"})


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": True},
        {"batch_size": True},
        {"seed": True},
        {"steps_per_epoch": True},
        {"class_weight": {"3": True}},
        {"averaging": 1},
        {"optimizer.learning_rate": True},
        {"loss": {"use": "SparseCategoricalCrossentropy", "ignore_class": None, "axis": True}},
        {"model": {"use": "MLP", "dropout_rate": True}},
        {"data": {"use": "Digits", "split_seed": True}},
        {"augment": [{"use": "RandomPadCrop", "padding_pixels": True}]},
        {"callbacks": [{"use": "EarlyStopping", "patience": True}]},
    ],
)
def test_a_boolean_is_no_number_and_one_is_no_boolean(changes):
    recipe = Recipe(data="Digits", model="MLP")
    with pytest.raises((TypeError, ValueError), match=r" must be .*Received: .*(True|1)"):
        recipe.replace(changes)


def test_keras_counts_with_booleans_where_it_says_so():
    recipe = Recipe(data="Digits", model="MLP", callbacks=[use("EarlyStopping", verbose=True)])
    assert recipe.callbacks[0].options["verbose"] is True


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("as_folder", [False, True])
def test_recipes_that_start_from_each_other_in_a_circle_are_refused(tmp_path, length, as_folder):
    files = [tmp_path / str(number) / "recipe.json" for number in range(length)]
    paths = [file.parent if as_folder else file for file in files]
    for number, file in enumerate(files):
        file.parent.mkdir()
        start = str(paths[(number + 1) % length])
        recipe = Recipe(data="Digits", model="MLP", epochs=number + 1, start=start)
        file.write_text(json.dumps(recipe.to_dict()))
    recipe = Recipe.read(paths[0])
    with pytest.raises(ValueError, match="must not start from itself.*Received: ") as raised:
        _ = recipe.fingerprint
    for file in files:
        assert os.path.realpath(file) in str(raised.value)


def test_a_circle_by_way_of_changes_is_refused(tmp_path):
    path = tmp_path / "recipe.json"
    start = {"epochs": 1, "start": str(path)}
    path.write_text(json.dumps(Recipe(data="Digits", model="MLP", start=start).to_dict()))
    with pytest.raises(ValueError, match="must not start from itself"):
        _ = Recipe.read(path).fingerprint


def test_two_recipes_may_start_from_the_same(tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps(Recipe(data="Digits", model="MLP").to_dict()))
    second.write_text(json.dumps(Recipe(data="Digits", model="MLP", start=str(first)).to_dict()))
    recipe = Recipe(data="Digits", model="MLP", start=str(second), epochs=2)
    assert len(recipe.fingerprint) == 12


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"kerasrecipes": 1, "data": "Digits", "model": {"use": "MLP", "units": '
         + "[" * 200 + "]" * 200 + "}}", "must not be nested more than 50 deep"),
        ('{"kerasrecipes": 1, "data": "Digits", "model": "MLP", "start": '
         + '{"start": ' * 200 + "{}" + "}" * 200 + "}", "must not be nested more than 50 deep"),
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_file_is_named(tmp_path, text, reason):
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason) as raised:
        Recipe.read(path)
    assert str(raised.value).startswith(str(path))
    (tmp_path / "report.html").write_text("")
    if "kerasrecipes" not in text:
        with pytest.raises(ValueError, match=r"Put back a copy of it: .*report.html holds one\."):
            Recipe.read(tmp_path)
