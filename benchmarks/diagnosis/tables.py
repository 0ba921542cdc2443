"""The tables of docs/benchmarks/doctor.md, of the recordings."""

from collections.abc import Iterable, Iterator, Sequence

from diagnosis.judges import OTHERS, Judge, constant, doctor, doctor_of_history
from diagnosis.parts import PARTS
from diagnosis.recording import recording
from diagnosis.remedies import Remedy, is_of_first, read, worse_beyond_noise
from diagnosis.scoring import (
    Case,
    best_constants,
    clustered,
    confusions,
    false_findings,
    healthy,
    judgements,
    mean_recall,
    recalls,
    right,
    share,
    silent,
)
from diagnosis.trainings.runs import Run

# Kinds that leave a mark in the logged curves, so that a history alone can tell them.
IN_CURVES = (
    *("learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "overfitting"),
    *("validation_too_small", "not_shuffled", "regularization_too_strong", "stale_statistics"),
    *("wrong_direction", "loss_not_finite", "data_leak", "labels_unrelated", "capacity_too_small"),
    *("exploding_gradient", "vanishing_gradient", "train_inference_mismatch", "wrong_optimizer"),
    *("batch_size_too_small", "batch_size_too_large", "too_little_data"),
)


def cases(part: str) -> list[Case]:
    """Returns the trainings of a part that were recorded."""
    records = recording(part)
    return [Case(run, records[run.name]) for run in PARTS[part]() if run.name in records]


def tables(scored: bool = True) -> Iterator[str]:
    """Yields the tables, in Markdown.

    Args:
        scored: Whether of the part that is scored, or of the one that rules are chosen on.
    """
    part = "scored" if scored else "tuning"
    planted = cases(f"planted-{part}")
    well = healthy(cases(f"healthy-{part}"))
    yield from planted_tables(planted)
    yield healthy_table(well)
    for backend in ("jax", "tensorflow"):
        yield from program_tables(cases(f"programs-{backend}"), cases(f"fixed-{backend}"), backend)
    if scored and read():
        yield remedies_table(planted)
    yield others_table(planted, well)


def planted_tables(planted: Sequence[Case]) -> Iterator[str]:
    """Yields how often the planted fault is named, and what is named in its place."""
    if not planted:
        return
    judged = judgements(planted, doctor)
    history = judgements(planted, doctor_of_history)
    visible = [(run, verdict) for run, verdict in history if set(run.faults) & set(IN_CURVES)]
    yield _table(
        ("planted faults", "right first", "right among three"),
        [
            (name, right(found, 1), right(found, 3))
            for name, found in (
                ("with the model at hand", judged),
                ("of the history alone", history),
                ("of the history alone, kinds that curves show", visible),
            )
        ],
    )
    yield _table(
        ("planted", "right first", "among three", "of the history", "named first instead"),
        [
            (
                kind,
                *(
                    right([pair for pair in found if pair[0].name.startswith(f"{kind}/")], within)
                    for found, within in ((judged, 1), (judged, 3), (history, 3))
                ),
                _listed(counts, _faults_of(judged, kind)),
            )
            for kind, counts in confusions(judged).items()
        ],
    )


def healthy_table(well: Sequence[Case]) -> str:
    """Returns how often there is a false alarm, by data set and model."""
    judged = judgements(well, doctor)
    rows: list[tuple] = []
    for group in [*sorted({run.group for run, _ in judged}), ""]:
        chosen = [pair for pair in judged if group in ("", pair[0].group)]
        alarms = [float(bool(verdict.alarms)) for _, verdict in chosen]
        kinds: dict[str, int] = {}
        for _, verdict in chosen:
            for kind in verdict.alarms:
                kinds[kind] = kinds.get(kind, 0) + 1
        groups = [run.group if not group else run.name for run, _ in chosen]
        rows.append((group or "all", clustered(alarms, groups), _listed(kinds)))
    return _table(("healthy trainings", "false alarms", "of the kinds"), rows)


def program_tables(programs: Sequence[Case], fixed: Sequence[Case], backend: str) -> Iterator[str]:
    """Yields the scores of real programs on a backend."""
    if not programs:
        return
    sure = [case for case in programs if case.run.group != "weak"]
    constants = best_constants([case.run for case in sure])
    judges = {"the doctor": doctor, f"always {', '.join(constants)}": constant(constants)} | OTHERS
    rows = [(name, *_program_scores(sure, judge)) for name, judge in judges.items()]
    weak = [case for case in programs if case.run.group == "weak"]
    rows.append(("the doctor, weak labels", *_program_scores(weak, doctor)))
    head = ("mean recall by kind", "right first", "among three", "wrong findings a program")
    yield _table((f"real programs on {backend}", *head), rows)
    if fixed:
        judged = judgements([case for case in fixed if case.run.group != "weak"], doctor)
        yield _table(
            (f"fixed programs on {backend}", "without alarm"),
            [
                ("all", silent(judged)),
                ("but for what the facts call plausible", silent(judged, but_plausible=True)),
            ],
        )
    found = {name: recalls(judgements(sure, judge)) for name, judge in judges.items()}
    yield _table(
        (f"kind, on {backend}", "the doctor", "linter of facts"),
        [(k, v, found["linter of facts"][k]) for k, v in found["the doctor"].items()],
    )


def remedies_table(planted: Sequence[Case]) -> str:
    """Returns how often what the doctor would change of a recipe lowers the validation loss.

    First where it is the remedy of the first finding, by kind, then where another finding stands
    above it. A negated loss is left out, whose lower values are no better.
    """
    cases_by_name = {case.run.name: case for case in planted}
    tried = [each for each in read() if not each.name.startswith("wrong_direction/")]
    judged = [
        (remedy, is_worse, is_of_first(remedy, cases_by_name[remedy.name]))
        for remedy, is_worse in zip(tried, worse_beyond_noise(tried, planted), strict=True)
    ]

    def row(name: str, chosen: Sequence[tuple[Remedy, bool, bool]]) -> tuple[str, str, str]:
        better = share([remedy.is_better for remedy, *_ in chosen])
        return name, better, share([is_worse for _, is_worse, _ in chosen])

    first = [each for each in judged if each[2]]
    kinds = sorted({remedy.kind for remedy, *_ in first})
    rows = [row(kind, [each for each in first if each[0].kind == kind]) for kind in kinds]
    rows.append(row("all first findings", first))
    rows.append(row("below another finding", [each for each in judged if not each[2]]))
    return _table(("changed as the doctor says", "better", "worse beyond noise"), rows)


def others_table(planted: Sequence[Case], well: Sequence[Case]) -> str:
    """Returns how others do on the same trainings."""
    rows = []
    for name, judge in ({"the doctor": doctor} | OTHERS).items():
        on_planted, on_well = judgements(planted, judge), judgements(well, judge)
        alarms = [float(bool(verdict.alarms)) for _, verdict in on_well]
        rows.append(
            (
                name,
                right(on_planted, 1),
                right(on_planted, 3),
                clustered(alarms, [run.group for run, _ in on_well]) if on_well else "-",
            )
        )
    return _table(("on the same trainings", "right first", "among three", "false alarms"), rows)


def _program_scores(chosen: Sequence[Case], judge: Judge) -> tuple[str, ...]:
    judged = judgements(chosen, judge)
    faulty = [(run, verdict) for run, verdict in judged if run.faults]
    wrong = false_findings(judged)
    mean = str(mean_recall(faulty)) if recalls(faulty) else "-"
    counted = f"{wrong.value:.2f} ({wrong.low:.2f} to {wrong.high:.2f}, n = {wrong.n})"
    return mean, str(right(faulty, 1)), str(right(faulty, 3)), counted


def _faults_of(judged: Sequence[tuple[Run, object]], kind: str) -> tuple[str, ...]:
    return next(run.faults for run, _ in judged if run.name.startswith(f"{kind}/"))


def _listed(counts, but: Iterable[str] = ()) -> str:
    kept = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{kind} {count}" for kind, count in kept if kind not in but)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"
