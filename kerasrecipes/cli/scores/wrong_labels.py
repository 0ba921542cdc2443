"""Labels of a recipe's images that are probably wrong: a page, a list, and what is printed."""

from pathlib import Path

from kerasrecipes.base.text import printable
from kerasrecipes.cli.command import Request
from kerasrecipes.cli.tables import print_table

# So many pairs of classes are printed; the page has more.
PAIRS = 10


def show_wrong_labels(asked: Request, folds: int) -> None:
    """Trains a recipe on each fold, and writes which labels are probably wrong."""
    from kerasrecipes.page.formats import percent
    from kerasrecipes.proposals import find_wrong_labels
    from kerasrecipes.report import write_label_page
    from kerasrecipes.report.labels.label_page import label_pairs

    found = find_wrong_labels(
        asked.recipe,
        folds,
        directory=asked.directory,
        name=f"{asked.name}-labels",
        say=print,
        verbose=0,
    )
    count, total = len(found.names), len(found.dataset.train)
    if not count:
        print(f"\nno label of {total:,} training and validation images is probably wrong")
        return
    print(
        f"\n{count:,} of {total:,} labels of training and validation images are probably wrong; "
        f"the estimate for all is {percent(found.errors.noise)}\n"
    )
    print_table(
        [
            {
                "labelled as": printable(pair["label"]),
                "probably": printable(pair["suggested"]),
                "images": f"{pair['count']:,}",
            }
            for pair in label_pairs(found)[:PAIRS]
        ]
    )
    listed = found.write(Path(f"{asked.name}-labels.txt"))
    page = write_label_page(found, Path(f"{asked.name}-labels.html"), asked.name, listed.name)
    print(f"\npage: {page}\nlist: {listed}")
    if _inner(asked.recipe.data).name == "ImageFolder":
        print(
            "look at them, delete the lines of those to keep, and leave the others out: "
            f"--set {_path(asked.recipe.data)}={listed}"
        )


def _inner(data):
    return data.options["data"] if data.name == "CrossValidation" else data


def _path(data) -> str:
    return "data.data.exclude" if data.name == "CrossValidation" else "data.exclude"
