"""What is said of how many images each class has, and what that calls for."""

from kerasrecipes.base.text import listed, printable

# The imbalance ratio from which on something is to be done about it; the doctor notes as much.
UNEVEN = 4
# Fewer test images of a class tell its recall to more than 20 points either way.
FEW = 20


def balance_text(dataset) -> str:
    """Returns how uneven the classes of a data set are, and what to set in its recipe."""
    from kerasrecipes.data.balancing.class_sizes import unevenness
    from kerasrecipes.data.dataset import evaluation_split
    from kerasrecipes.recipe.correcting_classes import JUDGED_BY, REMEDIES

    counts, names = dataset.class_counts(), [printable(name) for name in dataset.class_names]
    found = unevenness(counts["train"], names)
    lines = []
    if found.empty:
        lines.append(f"no training image is of {listed(found.empty)}: leave it out, or add some")
    told = (
        f"the largest class in train ({found.largest}, {found.most:,}) has {found.ratio:.3g} times "
        f"the images of the smallest ({found.rarest}, {found.least:,})"
    )
    if found.ratio < UNEVEN:
        lines.append(f"{told}: that is even enough")
        return "\n".join(lines)
    lines.append(f"{told}: accuracy would tell little of rare classes.")
    lines += ["one of these makes rare classes count:"]
    lines += [f"  --set {path}={value}" for path, value in REMEDIES.items()]
    lines += ["judge by balanced accuracy then:"]
    lines += [
        "  " + " ".join(f"--set {path}={_quoted(value)}" for path, value in JUDGED_BY.items())
    ]
    split = evaluation_split(counts)
    few = [name for name, n in zip(names, counts[split], strict=True) if n < FEW]
    if few:
        lines.append(
            f"fewer than {FEW} {split} images are of {listed(few, most=5)}: their recall will be "
            "uncertain by 20 points and more"
        )
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return f"'{value}'" if " " in value else value
