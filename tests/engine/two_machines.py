"""Program that trains on a Ray cluster of two nodes, of which one dies: on one machine, by Ray."""

import json
import sys
import threading
import time
from pathlib import Path

from kerasrecipes import Recipe, sweep, use
from kerasrecipes.engine import RayEngine

RECIPE = Recipe(
    data=use("Digits"),
    model=use("MLP", units=[16]),
    optimizer=use("SGD", learning_rate=0.1),
    epochs=40,
    batch_size=16,
)


def main(folder: Path) -> None:
    from ray.cluster_utils import Cluster  # Here, for whoever looks at this module without Ray.

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    dying = cluster.add_node(num_cpus=1)
    written: dict[str, str] = {}

    def end_the_node() -> None:
        run = _run_of(dying.all_processes["raylet"][0].process.pid, folder / "cluster")
        cluster.remove_node(dying, allow_graceful=False)
        written[run.name] = (run / "history.csv").read_text("utf-8")

    threading.Thread(target=end_the_node, daemon=True).start()
    with RayEngine(address=cluster.address) as engine:
        workers = engine.workers
        rows = _rows(folder / "cluster", engine)
    cluster.shutdown()
    found = {"workers": workers, "written": written, "rows": rows}
    found["rows_of_one_process"] = _rows(folder / "alone", None)
    (folder / "found.json").write_text(json.dumps(found), "utf-8")


def _rows(directory: Path, engine: RayEngine | None) -> list[dict]:
    rows = sweep(RECIPE, {"plain": {}}, range(2), directory=directory, engine=engine).rows
    return [{name: row[name] for name in row if name != "seconds"} for row in rows]


def _run_of(node: int, directory: Path) -> Path:
    """Waits for a run of a node's worker that has trained three epochs, and returns its folder."""
    while True:
        for lock in directory.glob("*/lock"):
            try:
                worker = lock.read_text("utf-8").split()[1]
                stat = Path(f"/proc/{worker}/stat").read_text("utf-8")
                history = lock.with_name("history.csv").read_text("utf-8")
            except (OSError, IndexError):
                continue
            if int(stat.rpartition(")")[2].split()[1]) == node and history.count("\n") > 3:
                return lock.parent
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
