"""Many independent trainings: one after the other here, or several at a time on an engine."""

import functools
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from kerasrecipes.engine.interface import Engine, opened
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec
from kerasrecipes.runs.trainings.one_training import Training, trained
from kerasrecipes.runs.trainings.progress import TrainingsProgress
from kerasrecipes.training.divergence import DivergenceWarning
from kerasrecipes.training.run import Run

POLL_SECONDS = 0.5


def train_all(
    trainings: Iterable[Training],
    engine: Engine | None = None,
    *,
    verbose: str | int = "auto",
    on_start: Callable[[Recipe, Path], None] | None = None,
) -> Iterator[tuple[Training, Run]]:
    """Trains, and yields each training with its run as soon as it is finished.

    Args:
        trainings: What is to be trained. They are taken one by one, when there is room for another.
        engine: Where they run. `None`: here, one after the other, in their order.
        verbose: As in `keras.Model.fit`. With an engine, it shows which trainings run, and the last
            epoch of each: `0` is silent, `2` a line where one begins and ends.
        on_start: Function that is called with each recipe and its run folder before it is trained.

    Raises:
        Exception: What a training raises. No others are begun then, and those under way end, as
            they do if the caller leaves the loop. They go on from their last checkpoint.
    """
    if engine is None:
        for training in trainings:
            started = on_start and functools.partial(on_start, training.recipe)
            yield training, training.run(verbose=verbose, on_start=started)
        return
    progress = TrainingsProgress(verbose)
    with opened(engine), progress:
        yield from _on_engine(_Waiting(trainings), engine, progress, on_start)


def _on_engine(
    waiting: "_Waiting",
    engine: Engine,
    progress: TrainingsProgress,
    on_start: Callable[[Recipe, Path], None] | None,
) -> Iterator[tuple[Training, Run]]:
    data_hash = functools.cache(_data_hash)
    running: dict[Future, Training] = {}
    try:
        while True:
            while len(running) < engine.workers and (training := waiting.next()) is not None:
                # Here, so that several workers do not prepare the same data at once.
                folder = training.folder(data_hash(training.recipe.data))
                if on_start is not None:
                    on_start(training.recipe, folder)
                running[engine.submit(trained, training)] = training
                progress.begin(training, folder)
            if not running:
                return
            ended, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            progress.look()
            for future in [each for each in running if each in ended]:
                training = running.pop(future)
                run = Run(future.result())
                waiting.end(training)
                progress.end(training, run)
                if run.diverged:
                    warnings.warn(f"{run.diverged} {run.folder}", DivergenceWarning, stacklevel=4)
                yield training, run
    except BaseException:
        engine.stop()
        raise


class _Waiting:
    """The trainings that have not begun.

    Of those that start from the same recipe, the first begins alone: it trains that one.

    Args:
        trainings: All trainings.
    """

    def __init__(self, trainings: Iterable[Training]):
        self._rest = iter(trainings)
        self._held: list[Training] = []
        self._starting: set[str] = set()
        self._started: set[str] = set()

    def next(self) -> Training | None:
        """Returns the next training that can begin; `None` if there is none now."""
        for training in self._held:
            if training.start in self._started:
                self._held.remove(training)
                return training
        for training in self._rest:
            start = training.start
            if start in self._starting - self._started:
                self._held.append(training)
                continue
            if start is not None:
                self._starting.add(start)
            return training
        return None

    def end(self, training: Training) -> None:
        """Takes note that a training has ended, and so what it starts from has."""
        if training.start is not None:
            self._started.add(training.start)


def _data_hash(data: Spec) -> str:
    return data.build("data").load().hash
