"""How images are held out, by their number: a hold-out, or folds."""

from collections.abc import Mapping
from dataclasses import dataclass

from kerasrecipes.proposals.images.image_facts import ImageFacts
from kerasrecipes.recipe.spec import Spec, use

# Of fewer images, a held-out part is too small to tell a good network from a bad one: of 45 images,
# the 95% interval of an accuracy is 20 to 30 points wide.
FEW_IMAGES = 300
# Of so few images of a class, one that is held out is missed in training.
FEW_PER_CLASS = 10
FOLDS = 5
MANY_IMAGES = 3000


@dataclass(frozen=True)
class HeldOut:
    """How images are held out.

    Args:
        options: Options of the data source.
        folds: The number of folds; 0 for a hold-out.
        train: The number of images that a training sees.
        validation: The number of its validation images.
        test: The number of its test images.
        reason: The reason, a sentence.
    """

    options: Mapping[str, object]
    folds: int
    train: int
    validation: int
    test: int
    reason: str

    def data(self, source: Spec, options: Mapping[str, object]) -> Spec:
        """Returns the data of a recipe: the source with these and further options."""
        # What is set already, by the user, stays.
        chosen = {**source.options, **options, **self.options, **source.options}
        held_out = Spec(source.name, chosen)
        if not self.folds:
            return held_out
        return use("CrossValidation", data=held_out, folds=self.folds, fold=None)


def held_out(facts: ImageFacts, *, folds_fit: bool) -> HeldOut:
    """Returns how images are held out.

    Args:
        facts: The images.
        folds_fit: Whether there is the time to train once for each fold, and once on all.

    Raises:
        ValueError: If a class has only one image.
    """
    counts = {split: sum(own) for split, own in facts.counts.items()}
    if facts.smallest < 2:
        label = facts.counts["train"].index(facts.smallest)
        raise ValueError(
            "Every class needs two images at least, one to train on and one to validate by, and "
            "about ten to be learnt. Add some, or leave the class out by --set data.classes=[...]. "
            f"Received: {facts.smallest} of class {facts.class_names[label]!r}"
        )
    own: set[str] = {name for name in ("validation", "test") if name in counts}
    few = counts["train"] < FEW_IMAGES or facts.smallest < FEW_PER_CLASS
    asked = _asked(facts, own)
    if few and not (own or asked) and folds_fit:
        return _folds(facts, counts["train"])
    if few and not (own or asked):
        return _hold_out(
            counts,
            validation=0.25,
            reason=f"a quarter of {counts['train']:,} images validates; there is no time for folds "
            "in these minutes, and a test split would leave too few to train on",
        )
    fraction = 0.1 if counts["train"] >= MANY_IMAGES else 0.15
    chosen = {"validation": fraction} | ({} if few else {"test": fraction}) | asked
    fractions = {name: value for name, value in chosen.items() if name not in own}
    return _hold_out(
        counts,
        validation=fractions.get("validation"),
        test=fractions.get("test"),
        reason=_reason(own, fraction, few) if not asked else _as_asked(asked),
    )


def _asked(facts: ImageFacts, own: set[str]) -> dict[str, float]:
    """Returns the fractions that the user has set, of splits that the images do not have."""
    options = facts.source.options
    fractions = {name: options.get(f"{name}_fraction") for name in ("validation", "test")}
    return {
        name: fraction
        for name, fraction in fractions.items()
        if isinstance(fraction, float) and name not in own
    }


def _as_asked(asked: Mapping[str, float]) -> str:
    parts = {"validation": "validates", "test": "tests"}
    told = (f"{fraction:.0%} of each class {parts[name]}" for name, fraction in asked.items())
    return " and ".join(told) + ", as it was asked for"


def _folds(facts: ImageFacts, images: int) -> HeldOut:
    folds = min(FOLDS, facts.smallest)
    return HeldOut(
        {},
        folds,
        train=images,
        validation=images // folds,
        test=0,
        reason=f"{images:,} images are too few to hold some out: each of {folds} folds is scored "
        "by a network that did not see it (--set data.fold=0), and the network that is kept sees "
        "all",
    )


def _hold_out(
    counts: Mapping[str, int],
    *,
    validation: float | None,
    test: float | None = None,
    reason: str,
) -> HeldOut:
    options = {"validation_fraction": validation, "test_fraction": test}
    images = counts["train"]
    parts = [round(images * (fraction or 0)) for fraction in (validation, test)]
    return HeldOut(
        {name: fraction for name, fraction in options.items() if fraction is not None},
        0,
        train=images - sum(parts),
        validation=parts[0] or counts.get("validation", 0),
        test=parts[1] or counts.get("test", 0),
        reason=reason,
    )


def _reason(own: set[str], fraction: float, few: bool) -> str:
    if own == {"validation", "test"}:
        return "the images come with their own validation and test images"
    if not own:
        return f"{fraction:.0%} of each class validate and as many test, which nothing is chosen by"
    if few:
        return "the images come with their own " + "".join(own) + " images"
    (name,) = own
    other = "validate" if name == "test" else "test"
    return f"the images come with their own {name} images; {fraction:.0%} of the others {other}"
