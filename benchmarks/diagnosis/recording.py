"""Records what the doctor sees of many trainings, and keeps that in small files."""

import contextlib
import gc
import io
import json
import lzma
import math
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras

from diagnosis.trainings.images import NoImages
from diagnosis.trainings.runs import Run
from kerasrecipes.diagnostics import Doctor
from kerasrecipes.diagnostics.facts.describing import described
from kerasrecipes.diagnostics.facts.given import given_data
from kerasrecipes.diagnostics.looking import budget
from kerasrecipes.diagnostics.record.record import Record

FOLDER = Path(__file__).with_name("recordings")
DIGITS = 4
# Of what a record holds very many of, there are fewer; steps are counted to the last one.
DIGITS_OF = {"steps": 3, "step": 6} | dict.fromkeys(
    ("column_means", "column_stds", "column_minima", "column_maxima"), 3
)


def recorded(run: Run) -> Record:
    """Trains as a run says, under the doctor, and returns what it saw."""
    model, arguments = run.built()
    if run.check_only:
        x, y = arguments["x"], arguments["y"]
        return described(model, given_data(x, y, batch_size=arguments["batch_size"]))
    doctor = Doctor()
    arguments["callbacks"] = [*arguments["callbacks"], doctor]
    with contextlib.redirect_stdout(io.StringIO()):
        model.fit(**arguments)
    return doctor.record


def record_runs(part: str, runs: Iterable[Run], folder: Path) -> None:
    """Records runs, one line each; those that have a line are not run again.

    Args:
        part: The name of the recording.
        runs: The trainings.
        folder: Where lines are kept until all runs have one; then they are packed into `FOLDER`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = folder / f"{part}.jsonl"
    known = {row["name"] for row in _rows(lines)}
    # What is imported stays: without this, each new model's collection looks at all of it.
    gc.collect()
    gc.freeze()
    with lines.open("a", encoding="utf-8") as file:
        for run in runs:
            if run.name in known:
                continue
            began = time.perf_counter()
            try:
                row = {"name": run.name, "record": rounded(json.loads(recorded(run).to_json()))}
            except NoImages as error:
                print(f"{run.name}: skipped: {error}", flush=True)
                continue
            except Exception as error:
                # What stops with an error is no training; it is listed with its error.
                row = {"name": run.name, "error": f"{type(error).__name__}: {error}"[:300]}
            row["seconds"] = round(time.perf_counter() - began, 1)
            print(f"{part} {run.name}: {row['seconds']} s {row.get('error', '')}", flush=True)
            file.write(json.dumps(row) + "\n")
            file.flush()
    pack(part, _rows(lines))


def pack(part: str, rows: Iterable[dict[str, Any]]) -> None:
    """Writes rows to the recording of a part."""
    FOLDER.mkdir(exist_ok=True)
    text = "\n".join(json.dumps(rounded(row), separators=(",", ":")) for row in rows)
    packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    (FOLDER / f"{part}.jsonl.xz").write_bytes(packed)


def recording(part: str) -> dict[str, Record]:
    """Returns the records of a part by the names of their runs, without those that failed."""
    path = FOLDER / f"{part}.jsonl.xz"
    if not path.exists():
        return {}
    rows = map(json.loads, lzma.decompress(path.read_bytes()).decode().splitlines())
    return {
        row["name"]: Record.from_json(json.dumps(row["record"])) for row in rows if "record" in row
    }


def rounded(value: Any, digits: int = DIGITS) -> Any:
    """Returns JSON's values with fewer digits; long series with fewer still.

    Example:

    >>> rounded({"loss": 1.23456, "steps": {"loss": [1.23456]}})
    {'loss': 1.235, 'steps': {'loss': [1.23]}}
    """
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {name: rounded(entry, DIGITS_OF.get(name, digits)) for name, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry, digits) for entry in value]
    return value


def look_as_on_an_idle_machine() -> None:
    """Leaves no look out for its time: these trainings are far below what looks may take.

    Where other work slows the machine, a record would else depend on it.
    """
    budget.SMALL = budget.GRACE = math.inf


def keep_compiled_steps(folder: Path) -> None:
    """Makes JAX keep what it compiles, since seeds of a run compile to the same."""
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        os.environ.setdefault("JAX_PLATFORMS", "cpu")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            yield json.loads(line)
