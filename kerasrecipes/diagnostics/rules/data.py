"""The samples: their number, order, classes, gaps and repetitions."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.remedies import imbalance_remedy
from kerasrecipes.diagnostics.rules.terms.forms import form
from kerasrecipes.diagnostics.rules.terms.networks import is_trained

# Samples. The standard error of an accuracy on 30 of them is up to 9 points.
FEW_SAMPLES = 50
FEW_IMAGES = 2000
LEAST_IMAGE_SIDE = 28
FEW_VALIDATION_SAMPLES = 30

# How often the most frequent class occurs for each sample of the rarest one.
UNEVEN = 10.0
NOTED_UNEVEN = 4.0
# Samples of the most frequent class, below which chance makes classes uneven.
LEAST_CLASS = 20

# How much more often than by chance a sample has the class of the one before it.
SORTED = 0.5
# The fraction of successive targets that rise, where they are sorted; by chance it is a half.
RISING = 0.95

# Shares of validation samples that are training samples.
NOTED_SHARED = 0.005
GREAT_SHARED = 0.05
NOTED_NEAR = 0.1


@rule("Are all values finite?", "data.inputs")
def finite(record: Record) -> Iterator[Finding]:
    """Looks for NaN and infinities."""
    if record.data is None:
        return
    arrays = {f"Input {k}": values for k, values in enumerate(record.data.inputs)}
    arrays |= {
        f"The targets of {output.name}": output.targets
        for output in record.outputs
        if output.targets is not None
    }
    for name, values in arrays.items():
        if values.finite_fraction < 1:
            yield Finding(
                "loss_not_finite",
                f"{name}: {1 - values.finite_fraction:.2g} of the values are NaN or infinite.",
                0.95,
                "error",
                {"finite_fraction": values.finite_fraction},
                where=name,
                remedy="Fill or remove them before the training.",
            )


@rule("Are the classes even?", "outputs")
def balance(record: Record) -> Iterator[Finding]:
    """Judges how often each class occurs."""
    weighted = record.data is not None and record.data.class_weights
    for output in record.outputs:
        values = output.targets
        if values is None or output.loss is None:
            continue
        if form(values) == "constant" and values.samples > 1:
            yield Finding(
                "class_imbalance",
                f"All targets of output {output.name!r} are {values.minimum:g}: there is nothing "
                "to learn.",
                0.85,
                "warning",
                {"distinct": 1},
                where=output.name,
                remedy="Look at how the targets are made.",
            )
        counts = values.class_counts
        if form(values) not in ("binary", "one_hot", "indices") or counts is None or weighted:
            continue
        present = [count for count in counts if count]
        ratio = max(present) / min(present)
        judged = "crossentropy" in output.loss.kind and max(present) >= LEAST_CLASS
        if judged and ratio >= NOTED_UNEVEN:
            great = ratio >= UNEVEN and len(present) <= 20
            yield Finding(
                "class_imbalance",
                f"The rarest of {len(present)} classes has {min(present)} of {sum(present)} "
                "samples.",
                0.7 if great else 0.5,
                "warning" if great else "note",
                {"rarest": min(present), "most_frequent": max(present), "samples": sum(present)},
                where=output.name,
                remedy=imbalance_remedy(record),
            )


@rule("Are there enough samples?", "data.samples", "data.inputs", "model")
def enough(record: Record) -> Iterator[Finding]:
    """Judges the number of samples by that of features and weights."""
    data, model = record.data, record.model
    if data is None or model is None or not data.samples:
        return
    samples = data.samples
    shape = data.inputs[0].shape
    features = 1
    for size in shape:
        features *= size
    images = len(shape) == 3 and min(shape[:2]) >= LEAST_IMAGE_SIDE
    trained = any(is_trained(layer) for layer in model.layers if layer.parameters)
    evidence = {
        "samples": samples,
        "features": features,
        "weights": model.trainable_parameters,
    }
    if samples <= FEW_SAMPLES:
        sentence, confidence = f"There are only {samples} samples.", 0.55
    elif features > 5 * samples and model.trainable_parameters > 10 * samples and not trained:
        sentence = f"There are {samples} samples of {features} numbers each"
        sentence += f" for {model.trainable_parameters} weights."
        confidence = 0.5
        if images and samples > FEW_IMAGES:
            return
    elif images and samples <= FEW_IMAGES and not trained:
        sentence, confidence = f"There are only {samples} images to learn from.", 0.5
    else:
        return
    yield Finding("too_little_data", sentence, confidence, "note", evidence)


@rule("Is the validation set large enough?", "data.validation_samples")
def validation(record: Record) -> Iterator[Finding]:
    """Judges the sampling error of an accuracy on the validation set."""
    number = record.data.validation_samples if record.data is not None else None
    logged = record.series is not None and len(record.series) > 0  # Then curves are judged.
    if logged or not number or number >= FEW_VALIDATION_SAMPLES:
        return
    error = 0.5 / number**0.5
    yield Finding(
        "validation_too_small",
        f"An accuracy on {number} validation samples has a standard error of up to {error:.0%}.",
        0.3,
        "note",
        {"validation_samples": number, "standard_error": error},
    )


@rule("Are the samples in random order?", "outputs", "data")
def order(record: Record) -> Iterator[Finding]:
    """Judges how often neighbours have the same class, and what a split of sorted ones leaves."""
    data = record.data
    if data is None:
        return
    for output, held_out in zip(
        record.outputs, data.validation_targets or (None,) * len(record.outputs), strict=False
    ):
        values = output.targets
        if values is None or form(values) == "constant":
            continue
        rising = values.rising
        if data.shuffled is False and rising is not None and abs(rising - 0.5) > RISING - 0.5:
            way = "rise" if rising > 0.5 else "fall"
            yield Finding(
                "not_shuffled",
                f"The targets of output {output.name!r} {way} from sample to sample, and the "
                "samples are not shuffled.",
                0.85,
                "warning",
                {"rising": rising},
                where=output.name,
            )
        if values.class_counts is None:
            continue
        counts = values.class_counts
        chance = sum((count / sum(counts)) ** 2 for count in counts)
        same = values.same_neighbours or 0.0
        unknown = _unknown_classes(values, held_out)
        if unknown:
            yield Finding(
                "not_shuffled",
                f"Classes {', '.join(map(str, unknown[:5]))} occur in validation, but not in "
                "training: the samples were split without shuffling.",
                0.85,
                "warning",
                {"classes": unknown},
                where=output.name,
            )
        elif data.shuffled is False and (same - chance) / (1 - chance) > SORTED:
            yield Finding(
                "not_shuffled",
                f"{same:.0%} of the samples have the class of the one before them (by chance: "
                f"{chance:.0%}), and they are not shuffled.",
                0.9,
                "warning",
                {"same_neighbours": same, "by_chance": chance},
                where=output.name,
            )


def _unknown_classes(values: Values, held_out: Values | None) -> list[int]:
    """Returns the classes that occur in validation only, if they are a good part of it."""
    if held_out is None or held_out.class_counts is None or values.class_counts is None:
        return []
    known = values.class_counts
    unknown = {
        k: count
        for k, count in enumerate(held_out.class_counts)
        if count and (k >= len(known) or not known[k])
    }
    return [*unknown] if sum(unknown.values()) > 0.1 * sum(held_out.class_counts) else []


@rule("Is validation apart from training?", "data.duplicates")
def leak(record: Record) -> Iterator[Finding]:
    """Judges how many validation samples are training samples, or look like them."""
    data = record.data
    if data is None or data.duplicates is None or not data.duplicates.validation_looked_at:
        return
    found = data.duplicates
    number = found.validation_looked_at or 1
    shared, near = (found.shared or 0) / number, (found.near or 0) / number
    repeated = found.training / max(1, found.looked_at)
    # Of samples with few possible values, such as boards or tables of classes, many repeat; one may
    # repeat by chance.
    if (found.shared or 0) > 1 and shared > NOTED_SHARED and shared > 3 * repeated:
        great = shared > GREAT_SHARED
        yield Finding(
            "data_leak",
            f"{found.shared} of {number} validation samples are training samples.",
            0.9 if great else 0.6,
            "warning" if great else "note",
            {"shared": found.shared, "validation_samples": number, "repeated": repeated},
        )
    elif near > NOTED_NEAR:
        yield Finding(
            "data_leak",
            f"{found.near} of {number} validation images look like training images.",
            0.45,
            "note",
            {"near": found.near, "validation_samples": number},
        )


RULES: tuple[Rule, ...] = (finite, balance, enough, validation, order, leak)
