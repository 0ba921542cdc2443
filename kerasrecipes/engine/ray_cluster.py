"""Engine of a Ray cluster: one that is there, or one of this machine's own."""

import contextlib
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from kerasrecipes.base.checks import check_integer
from kerasrecipes.engine.interface import Engine, WorkerLostError
from kerasrecipes.engine.sharing import thread_variables
from kerasrecipes.engine.worker import Place, answered, result_of

INSTALL = "pip install 'kerasrecipes[ray]'"
# So often is a task tried again whose process or machine has died.
RETRIES = 3
CONNECT_SECONDS = 5
# Ray's own variables: who may talk to a cluster, and that it reports nothing to its makers.
_AUTH = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_USAGE = "RAY_USAGE_STATS_ENABLED"


class RayEngine(Engine):
    """Runs functions on [Ray](https://docs.ray.io), on one machine or on many.

    Ray chooses where each of them runs, by the resources that it needs. A function whose process or
    machine dies is called again, up to three times. All machines must have the same packages, and
    see the folder that the program runs in and the one that its runs are written to under the same
    paths, as on a shared file system.

    A program that is killed takes its tasks with it, and a cluster of its own too.

    Args:
        workers: Positive integer. How many functions run at a time. Defaults to `None`: as many as
            the cluster has room for when the engine is opened.
        address: `"host:port"` of a cluster, or `"ray://host:port"` through Ray's client. Defaults
            to `None`: a cluster of this machine, which is started, and ends with the engine. Only
            processes that have its token, which is new each time, may use it.
        cpus: Positive integer. How many cores each function needs, and computes with.
        gpus: Non-negative number. How many GPUs it needs; `0.5` lets two share one.

    Raises:
        ImportError: If Ray is not installed, when the engine is opened; as the following.
        ConnectionError: If there is no cluster at the address.
        ValueError: If no machine of the cluster has the resources.

    Example:

    ```python
    with RayEngine(address="10.0.0.1:6379", cpus=4, gpus=1) as engine:
        sweep(recipe, changes, range(5), directory="/shared/runs", engine=engine)
    ```
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        address: str | None = None,
        cpus: int = 1,
        gpus: float = 0,
    ):
        super().__init__(1 if workers is None else workers)
        check_integer("cpus", cpus, at_least=1)
        if isinstance(gpus, bool) or not isinstance(gpus, int | float) or gpus < 0:
            raise ValueError(f"`gpus` must be a number of at least 0. Received: gpus={gpus!r}")
        self._given_workers = workers
        self.address, self.cpus, self.gpus = address, cpus, gpus
        self._ray: Any = None
        self._references: set = set()
        self._guard = threading.Lock()

    def _begin(self) -> None:
        if self.address is None:
            _keep_to_this_program()
        self._ray = _imported()
        if self._ray.is_initialized():
            raise RuntimeError(
                "Ray is in use in this process. Call `ray.shutdown()` first: an engine connects by "
                "itself."
            )
        # Workers are told what decides the numbers, and how many threads they have.
        told = {name: os.environ[name] for name in ("KERAS_BACKEND",) if name in os.environ}
        variables = {**thread_variables(self.cpus), **told}
        options = {
            "runtime_env": {"env_vars": variables},
            "logging_level": "ERROR",
            "log_to_driver": True,
        }
        if self.address is None:
            self._ray.init(address="local", include_dashboard=False, **options)
        else:
            self._connect(self.address, options)
        try:
            room = self._room()
        except BaseException:
            self._ray.shutdown()
            raise
        self.workers = self._given_workers or room

    def _connect(self, address: str, options: dict[str, Any]) -> None:
        try:
            _check_answers(address)
            self._ray.init(address=address, **options)
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise ConnectionError(
                f"There is no Ray cluster that answers at {address} ({first}). `ray start "
                "--head` starts one and prints its address; without an address, one is started on "
                f"this machine. Received: address={address!r}"
            ) from error

    def _room(self) -> int:
        """Returns how many functions the cluster has room for at a time.

        Raises:
            ValueError: If no machine has room for one.
        """
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        rooms = [self._room_on(node) for node in nodes]
        if not any(rooms):
            most = {name: max(node.get(name, 0) for node in nodes) for name in ("CPU", "GPU")}
            raise ValueError(
                f"No machine of the Ray cluster has {self.cpus} cores and {self.gpus} GPUs: at "
                f"most {most['CPU']:g} and {most['GPU']:g}. "
                f"Received: cpus={self.cpus}, gpus={self.gpus}"
            )
        return sum(rooms)

    def _room_on(self, node: dict[str, float]) -> int:
        rooms = [node.get("CPU", 0) // self.cpus]
        if self.gpus:
            rooms.append(node.get("GPU", 0) // self.gpus)
        return int(min(rooms))

    def _end(self) -> None:
        self._ray.shutdown()

    def _interrupt(self) -> None:
        with self._guard:
            for reference in self._references:
                self._ray.cancel(reference)

    @contextlib.contextmanager
    def _worker(self, number: int) -> Iterator[Callable]:
        remote = self._ray.remote(
            num_cpus=self.cpus,
            num_gpus=self.gpus,
            max_retries=RETRIES,
            max_calls=0,  # A process is used again: its start costs more than a short training.
        )(answered)

        def call(function: Callable, arguments: tuple, options: dict) -> Any:
            with self._guard:
                if self._stopping.is_set():
                    raise WorkerLostError("The engine was stopped.")
                reference = remote.remote(Place.here(), function, arguments, options)
                self._references.add(reference)
            try:
                answer = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                first = next(iter(str(error).strip().splitlines()), type(error).__name__)
                raise WorkerLostError(
                    f"Ray gave this task up, which it tries {RETRIES + 1} times: {first}"
                ) from error
            finally:
                with self._guard:
                    self._references.discard(reference)
            return result_of(answer)

        yield call


def _check_answers(address: str) -> None:
    """Raises an `OSError` if nothing listens at an address: Ray itself waits for minutes.

    Raises:
        ValueError: If it is no address.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("expected HOST:PORT, such as 10.0.0.1:6379")
    socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()


def _imported():
    """Returns the module `ray`.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise ImportError(f"This engine needs Ray: {INSTALL}") from error
    return ray


def _keep_to_this_program() -> None:
    """Sets, for this process, that only who has its token may use a cluster that it starts.

    Ray would write a token into the home directory, for all to read. This one is new, and only in
    the memory of processes. Ray takes it when it is imported; what a user has set stays.
    """
    os.environ.setdefault(_USAGE, "0")
    if "ray" not in sys.modules and not {*_AUTH} & {*os.environ}:
        os.environ.update({_AUTH[0]: "token", _AUTH[1]: secrets.token_hex(32)})
