"""Lines of `evaluate` on images that are predicted several times: views, dropout masks."""

from collections.abc import Iterator

from kerasrecipes.cli.scores.probability_lines import with_interval


def unsure_rows(run, kind: str, split: str | None) -> tuple[list[dict[str, object]], str]:
    """Returns the scores with views of no image, of unsure ones and of all; and what was chosen."""
    from scipy.special import softmax

    from kerasrecipes.base.checks import check_choice
    from kerasrecipes.base.intervals import wilson_interval
    from kerasrecipes.data.dataset import evaluation_split
    from kerasrecipes.data.predicting import predict_split
    from kerasrecipes.metrics.calibration import log_loss
    from kerasrecipes.models.surgery.test_time_augmentation import COPIES
    from kerasrecipes.page.formats import number, percent, percent_interval
    from kerasrecipes.runs import selective_augmentation
    from kerasrecipes.runs.prediction import BATCH_SIZE

    check_choice("--test-time-augmentation", kind, COPIES)
    split = split or evaluation_split(run.predicted_splits)
    check_choice("--split", split, run.predicted_splits)
    selective, chosen = selective_augmentation(run, kind)
    images = run.recipe.data.build("data").load().splits[split]
    some = selective.predict_split(images)
    size = max(1, BATCH_SIZE // COPIES[kind])
    every = softmax(predict_split(selective.with_views, images, size).astype("float32"), axis=-1)
    n = len(images)
    rows: list[dict[str, object]] = []
    for views, probabilities, share, passes in (
        ("none", run.predictions[f"{split}_probabilities"], 0.0, 1.0),
        ("of unsure images", some.probabilities, some.share, some.passes),
        ("of all images", every, 1.0, float(COPIES[kind])),
    ):
        right = int((probabilities.argmax(-1) == images.labels).sum())
        low, high = wilson_interval(right, n)
        rows.append(
            {
                "views": views,
                "images with views": percent(share),
                "passes an image": f"{passes:.2f}",
                f"accuracy on {split}": percent(right / n, n),
                "95% interval": percent_interval(low, high, n),
                "log loss": number(log_loss(images.labels, probabilities)),
            }
        )
    losses = [chosen.log_loss_of_none, chosen.log_loss, chosen.log_loss_of_all]
    on_validation = ", ".join(
        f"{number(loss)} {which}" for loss, which in zip(losses, ("none", "so", "all"), strict=True)
    )
    if not chosen.share:
        told = "no image gets views: they bring nothing on validation"
    else:
        told = f"images get views up to a confidence of {number(chosen.confidence)}"
    return rows, f"{told} (log loss on {chosen.n:,} validation images: {on_validation})"


def dropout_lines(run, split: str | None, samples: int) -> Iterator[str]:
    """Yields what many dropout masks say of a run's images."""
    from kerasrecipes.base.intervals import wilson_interval
    from kerasrecipes.metrics.calibration import log_loss
    from kerasrecipes.page.formats import number, percent
    from kerasrecipes.runs import evaluate_dropout

    found = evaluate_dropout(run, split, samples)
    n = len(found.labels)
    surest = found.surest()
    others = sorted(set(range(n)) - set(surest.tolist()))

    def accuracy(correct) -> str:
        interval = wilson_interval(int(correct.sum()), len(correct))
        return with_interval(float(correct.mean()), interval, len(correct))

    yield (
        f"without dropout: accuracy {accuracy(found.once.argmax(-1) == found.labels)}, log loss "
        f"{number(log_loss(found.labels, found.once))}, on {found.split}"
    )
    yield (
        f"mean of {samples} masks: accuracy {accuracy(found.correct)}, log loss "
        f"{number(log_loss(found.labels, found.prediction.mean))}"
    )
    if n > 1:
        yield f"the half that masks agree about most: accuracy {accuracy(found.correct[surest])}"
        yield f"the other half: accuracy {accuracy(found.correct[others])}"
    told = found.mistakes_told
    if told is not None:
        area, (low, high) = told
        yield (
            f"a mistake is more uncertain than a right answer in {percent(area)} of all pairs (95% "
            f"interval {percent(low)} to {percent(high)}; 50% would say nothing)"
        )
