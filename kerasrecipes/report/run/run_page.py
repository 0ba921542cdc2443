"""Page of a training run, report.html."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from markupsafe import Markup

from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.diagnostics.findings.diagnosis_page import sections
from kerasrecipes.page import epoch_curves, formats
from kerasrecipes.page.pages import template, write_page
from kerasrecipes.report.run import figures, scores
from kerasrecipes.report.run.data_section import class_counts, data_facts, drawn_images
from kerasrecipes.report.run.explanations_section import explanations
from kerasrecipes.report.run.members_section import members
from kerasrecipes.report.run.pictures import picture
from kerasrecipes.report.run.probabilities_section import calibration
from kerasrecipes.report.run.robustness_section import adversarial, corruptions
from kerasrecipes.report.run.thresholds_section import abstention, two_classes
from kerasrecipes.runs.ensemble_members import members_of
from kerasrecipes.training.averaging.run_averages import average_table
from kerasrecipes.training.diagnosing import diagnosed, record_of
from kerasrecipes.training.examples import augmented_images, mistakes
from kerasrecipes.training.numerics import version_of

# With more classes, a confusion matrix cannot be read cell by cell and is left out.
MATRIX_CLASSES = 20
CONFUSED_PAIRS = 20
LISTED_FILES = 100


def write_report(run) -> Path:
    """Writes `report.html` into a run's folder: one page that needs no network and no script.

    The page of an unfinished run shows the epochs that it has trained so far. The same run always
    gets the same page, byte for byte.

    Args:
        run: A `Run`.

    Returns:
        The path of the page.
    """
    return write_page(Path(run.folder) / "report.html", render(run))


def render(run) -> str:
    """Returns the page of a run as a string."""
    shown, not_explained = _mistakes(run)
    seen = run.validates_on_training_images
    return template(Path(__file__).with_name("run.html.jinja")).render(
        name=run.name,
        summary=_summary(run),
        finished=bool(run.metrics),
        history_remark=run.history_remark,
        seen=seen,
        epochs_done=len(run.readable_history),
        epochs=run.recipe.epochs,
        headline=scores.headline(run),
        metrics=run.metrics,
        seconds=_seconds(run),
        diverged_epoch=scores.diverged_epoch(run.readable_history),
        diagnosis=_diagnosis(run),
        figures=_figures(run),
        classes=_classes(run),
        mistakes=shown,
        not_explained=not_explained,
        # What is fitted to images that were trained on would tell nothing of others.
        calibration=None if seen else calibration(run),
        abstention=None if seen else abstention(run),
        two_classes=None if seen else two_classes(run),
        adversarial=adversarial(run),
        corruptions=corruptions(run),
        members=members(run),
        averages=average_table(run.folder),
        augmented=_augmented(run),
        options=run.recipe.flatten(),
        fingerprint=run.recipe.fingerprint,
        recipe_json=json.dumps(run.recipe.to_dict(), indent=2, ensure_ascii=False, default=str),
        data=run.data,
        data_facts=data_facts(run.data),
        class_counts=class_counts(run.data),
        drawn=drawn_images(run.data, run.metrics.get("sampling")),
        listed_files=LISTED_FILES,
        environment=_flat({"numerics_version": version_of(run.environment), **run.environment}),
    )


def _diagnosis(run) -> Markup:
    """Returns what the doctor found; of a run that was trained without it, what its log tells."""
    if run.diagnosis is not None:
        return sections(run.diagnosis, run.record)
    if not (run.metrics and run.readable_history):
        return Markup()
    record = record_of(run)
    return sections(diagnosed(record), record)


def _summary(run) -> str:
    """Returns a sentence or two about the model, the data and the training."""
    model = getattr(run.recipe.model, "name", str(run.recipe.model))
    parameters = run.metrics.get("parameters", {}).get("trainable")
    trained = f"{model} with {parameters:,} trainable parameters" if parameters else model
    if sizes := run.data.get("sizes"):
        shape = formats.shape(run.data["image_shape"])
        classes = len(run.data["class_names"])
        trained += f", trained on {sizes['train']:,} images ({shape}) of {classes} classes"
    if run.readable_history:
        epochs = len(run.readable_history)
        trained += f" for {epochs} epoch{'s' if epochs > 1 else ''}"
        trained += f" in {formats.duration(_seconds(run))}"
    if averaged := members_of(run.folder):
        trained += f"; the mean of the probabilities of {len(averaged)} models"
    elif (average := run.metrics.get("average")) and average["chosen"]:
        trained += f"; the weights kept are {average['name']}, the best by log loss on validation"
    elif (epoch := run.metrics.get("epoch")) is not None:
        monitor = run.metrics.get("monitor")
        why = f", the best by {monitor}" if monitor else ""
        those = f"their {average['name']} at" if average else "those of"
        trained += f"; the weights kept are {those} epoch {epoch}{why}"
    source = run.data.get("source")
    return f"{trained}. Data: {source.rstrip('.')}." if source else f"{trained}."


def _seconds(run) -> float | None:
    wall = run.environment.get("wall_seconds")
    if wall is not None:
        return wall
    seconds = [row.get("seconds") for row in run.readable_history]
    return sum(s for s in seconds if formats.is_finite(s)) if any(seconds) else None


def _figures(run) -> list[dict]:
    """Returns the title, the `<svg>` and the kept epoch's values of each curve."""
    history = run.readable_history
    if not history:
        return []
    epoch, monitor = run.metrics.get("epoch"), run.metrics.get("monitor") or ""
    kept: Mapping = next((row for row in history if row["epoch"] == epoch), {})
    names = dict.fromkeys(["loss", "accuracy", monitor.removeprefix("val_")])
    drawn = []
    for name in filter(None, names):
        in_percent = name == "accuracy"
        svg = epoch_curves.curves(history, name, chosen_epoch=epoch, in_percent=in_percent)
        written = formats.percent if in_percent else formats.number
        values = [
            f"{split} {written(kept[key])}"
            for split, key in (("train", name), ("validation", f"val_{name}"))
            if kept.get(key) is not None
        ]
        drawn.append({"title": name.capitalize(), "svg": svg, "kept": ", ".join(values)})
    drawn.append({"title": "Learning rate", "svg": epoch_curves.learning_rate(history), "kept": ""})
    return [figure for figure in drawn if figure["svg"]]


def _classes(run) -> dict | None:
    """Returns the scores and confusions of the classes, or `None` without predictions."""
    if not run.predicted_splits:
        return None
    split = evaluation_split(run.predicted_splits)
    names = run.data["class_names"]
    labels = np.asarray(run.predictions[f"{split}_labels"])
    predicted = np.argmax(run.predictions[f"{split}_probabilities"], axis=-1)
    matrix = scores.confusion(labels, predicted, len(names))
    rows = scores.per_class(labels, predicted, names)
    few = len(names) <= MATRIX_CLASSES
    if not few:
        rows.sort(key=lambda row: (not formats.is_finite(row["recall"]), row["recall"]))
    columns = {
        key: [row[key] for row in rows if formats.is_finite(row[key])]
        for key in ("precision", "recall", "f1")
    }
    return {
        "split": split,
        "n": len(labels),
        "wrong": int(matrix.sum() - np.trace(matrix)),
        "few": few,
        "matrix": figures.confusion_matrix(matrix, names) if few else None,
        "pairs": scores.most_confused(matrix, names, CONFUSED_PAIRS),
        "rows": rows,
        "lowest_recall": min(columns["recall"], default=None),
        "means": {key: np.mean(column) if column else None for key, column in columns.items()},
    }


def _mistakes(run) -> tuple[list[dict], str]:
    """Returns the most confident mistakes as pictures, with what the model looked at in them.

    Also returns why they are not explained, if they are not.
    """
    kept = mistakes(run.examples)
    explained, reason = explanations(run, kept)
    found = []
    for mistake, pictures in zip(kept, explained, strict=True):
        true, predicted = (
            run.data["class_names"][label] for label in (mistake.label, mistake.predicted)
        )
        found.append(
            {
                "name": mistake.name,
                "picture": picture(mistake.image, f"{true}, taken for {predicted}"),
                "explanations": pictures,
                "true": true,
                "predicted": predicted,
                "probability": float(mistake.probability),
            }
        )
    return found, reason


def _augmented(run) -> list[dict]:
    """Returns a few training images, each with several augmented versions."""
    found = []
    for image in augmented_images(run.examples):
        name = run.data["class_names"][image.label]
        draws = [picture(draw, f"{name}, augmented") for draw in image.draws]
        original = picture(image.original, f"{name}, as it is")
        found.append({"name": name, "original": original, "draws": draws})
    return found


def _flat(values: Mapping, prefix: str = "") -> dict[str, object]:
    """Returns nested mappings as a single one with dotted paths as keys."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        inner = isinstance(value, Mapping)
        flat.update(_flat(value, f"{prefix}{key}.") if inner else {f"{prefix}{key}": value})
    return flat
