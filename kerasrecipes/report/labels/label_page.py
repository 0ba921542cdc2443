"""Page of images whose label is probably wrong."""

from collections import Counter
from pathlib import Path

from kerasrecipes.page.pages import template, write_page
from kerasrecipes.report.run.pictures import picture

# So many pictures are on the page; the list of files has all of them.
PICTURES = 200
PAIRS = 20


def write_label_page(found, path: str | Path, title: str, list_name: str = "") -> Path:
    """Writes a page with the images whose label is probably wrong, the most suspect first.

    The page is one file that needs no network and no script.

    Args:
        found: What `find_wrong_labels` returns.
        path: Path of the page.
        title: What the images are called.
        list_name: The name of the file that lists them, if there is one.

    Returns:
        The path of the page.
    """
    images = [
        {**shown._asdict(), "picture": picture(shown.image, f"{shown.name}, {shown.label}")}
        for shown in found.images(PICTURES)
    ]
    page = template(Path(__file__).with_name("labels.html.jinja")).render(
        title=title,
        images=images,
        count=len(found.names),
        total=len(found.dataset.train),
        noise=found.errors.noise,
        folds=found.folds,
        pairs=label_pairs(found)[:PAIRS],
        list_name=list_name,
    )
    return write_page(Path(path), page)


def label_pairs(found) -> list[dict]:
    """Returns how often each class is probably labelled as another, the most frequent first.

    Args:
        found: What `find_wrong_labels` returns.
    """
    names, errors = found.dataset.class_names, found.errors
    given = [int(label) for label in found.dataset.train.labels[errors.indices]]
    counts = Counter(zip(given, errors.suggested.tolist(), strict=True))
    return [
        {"label": names[label], "suggested": names[suggested], "count": count}
        for (label, suggested), count in counts.most_common()
    ]
