import pytest

from benchmarks.studies import transfer_study as study
from kerasrecipes.runs import Sweep


def result(accuracies):
    rows = [
        {"label": f"{strategy}, {labels}", "seed": seed, "test_accuracy": accuracy + seed / 100,
         "test_n": 100, "data_hash": str(labels)}
        for labels in (10, 50)
        for strategy, accuracy in accuracies.items()
        for seed in (10, 11, 12)
    ]  # fmt: skip
    return Sweep(tuple(rows))


@pytest.mark.parametrize("labels", [10, 50, 250])
@pytest.mark.parametrize("name", ["digits", "cifar10"])
def test_fine_tuning_starts_from_the_run_of_the_features(name, labels):
    recipe = study.FINE_TUNING.replace({"data.split_seed": 3, "seed": 3})
    variants = {
        label.split(",")[0]: recipe.replace(change)
        for label, change in study.changes(name, labels).items()
    }
    assert list(variants) == list(study.STRATEGIES)
    assert variants["fine-tuning"].start_recipe() == variants["features"]
    assert variants["scratch"].start is None
    assert variants["scratch"].model.options.get("weights") is None
    assert len({v.data for v in variants.values()}) == 1
    epochs = tuple(variants[s].epochs for s in study.STRATEGIES)
    assert epochs == study.EPOCHS[labels]


def test_cifar10_is_transferred_at_96_pixels():
    recipe = study.cifar10("cifar10.npz", "mobilenet.weights.h5")
    assert recipe.preprocessing[0].options == {"height": 96, "width": 96}
    assert recipe.model.options["weights"] == "mobilenet.weights.h5"
    assert recipe.data.options["path"] == "cifar10.npz"


def test_differences_are_paired_by_draw_and_drawn():
    found = result({"scratch": 0.3, "features": 0.5, "fine-tuning": 0.6})
    rows = study.differences(found, 10)
    assert [row["difference"] for row in rows] == [
        "features - scratch",
        "fine-tuning - features",
    ]
    assert [row["points"] for row in rows] == ["+20.00", "+10.00"]
    assert study.differences(result({"scratch": 0.3}), 10) == []
    figure = study.draw({"one": found, "other": result({"features": 0.5})})
    assert [axes.get_title() for axes in figure.axes] == ["one", "other"]
    assert len(figure.axes[0].containers) == 3


def test_the_committed_tables_are_of_test_images():
    for name, images in (("digits", None), ("cifar10", 10_000)):
        table = Sweep.read(study.STUDY.table(f"transfer_study_{name}"))
        assert {row["label"].split(",")[0] for row in table.rows} <= {*study.STRATEGIES}
        assert images is None or {row["test_n"] for row in table.rows} == {images}
        assert not set(study.DRAWS) - {row["seed"] for row in table.rows}
