import grpc
import pytest
from keras_tuner.src.engine import conditions

from kerasrecipes.tuning.keras_tuner import distributed
from kerasrecipes.tuning.keras_tuner.distributed import (
    ORACLE_IP,
    ORACLE_PORT,
    TUNER_ID,
    WORKERS,
    RetryingClient,
    is_expected,
    role,
    silence_conditions,
)


@pytest.fixture
def environment(monkeypatch):
    for name in (TUNER_ID, ORACLE_IP, ORACLE_PORT, WORKERS):
        monkeypatch.delenv(name, raising=False)

    def given(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return given


def test_roles(environment):
    assert role() == "alone"
    environment(**{TUNER_ID: "tuner7"})
    assert role() == "alone"
    environment(**{ORACLE_IP: "127.0.0.1", ORACLE_PORT: "8000"})
    assert role() == "worker"
    environment(**{TUNER_ID: "chief"})
    assert role() == "chief"


def test_a_worker_without_a_chief_is_refused(environment):
    environment(**{TUNER_ID: "worker0", ORACLE_PORT: "8000"})
    with pytest.raises(ValueError, match=f"needs .*{ORACLE_IP}.* Received: {TUNER_ID}"):
        role()


def test_a_chief_expects_the_workers_that_are_named(environment):
    assert is_expected("worker7")
    environment(**{WORKERS: "worker0,worker1"})
    assert is_expected("worker1")
    assert not is_expected("worker7")


def test_conditions_are_sent_in_silence(capsys, monkeypatch):
    monkeypatch.setitem(vars(conditions), "print", print)
    silence_conditions()
    assert conditions.Parent("optimizer", ["SGD"]).to_proto().parent.name == "optimizer"
    assert capsys.readouterr().out == ""


class RpcError(grpc.RpcError):
    def __init__(self, code):
        self._code = code

    def code(self):
        return self._code


class Client:
    """Stands for keras-tuner's client: it raises an error for each code, then answers."""

    objective = "score"

    def __init__(self, *codes):
        self.codes = list(codes)

    def create_trial(self, tuner_id):
        if self.codes:
            raise RpcError(self.codes.pop(0))
        return f"a trial for {tuner_id}"


@pytest.fixture
def _worker(environment, monkeypatch):
    environment(**{TUNER_ID: "worker0", ORACLE_IP: "127.0.0.1", ORACLE_PORT: "1"})
    monkeypatch.setattr(distributed, "RETRY_SECONDS", 0.01)


@pytest.mark.usefixtures("_worker")
def test_a_request_is_repeated_until_the_chief_is_back(caplog):
    client = RetryingClient(Client(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED))
    assert client.objective == "score"
    assert client.create_trial("worker0") == "a trial for worker0"
    told = "worker0: The chief does not answer at 127.0.0.1:1: waiting."
    assert caplog.messages == [
        "worker0: There is no chief yet at 127.0.0.1:1: waiting.",
        told,
        told,
    ]


@pytest.mark.usefixtures("_worker")
def test_a_worker_gives_up_after_an_hour(monkeypatch):
    message = "No chief has answered at 127.0.0.1:1 for 60 minutes"
    with pytest.raises(ConnectionError, match=message):
        RetryingClient(Client(grpc.StatusCode.DEADLINE_EXCEEDED)).create_trial("worker0")
    monkeypatch.setattr(distributed, "GIVE_UP_SECONDS", 0)
    with pytest.raises(ConnectionError):
        RetryingClient(Client(grpc.StatusCode.UNAVAILABLE)).create_trial("worker0")


@pytest.mark.usefixtures("_worker")
def test_an_error_of_the_chief_is_raised():
    with pytest.raises(RpcError):
        RetryingClient(Client(grpc.StatusCode.UNKNOWN)).create_trial("worker0")
