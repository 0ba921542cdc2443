import grpc
import pytest

from kerasrecipes.tuning.keras_tuner import retrying_client
from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT, TUNER_ID
from kerasrecipes.tuning.keras_tuner.retrying_client import PatientClient


class Away(grpc.RpcError):
    def __init__(self, code):
        self._code = code

    def code(self):
        return self._code


class Client:
    objective = "score"

    def __init__(self, *codes):
        self.codes = list(codes)

    def create_trial(self, tuner_id):
        if self.codes:
            raise Away(self.codes.pop(0))
        return f"a trial for {tuner_id}"


@pytest.fixture(autouse=True)
def _worker(monkeypatch):
    given = {TUNER_ID: "worker0", ORACLE_IP: "127.0.0.1", ORACLE_PORT: "1"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retrying_client, "RETRY_SECONDS", 0.01)


def test_a_chief_that_comes_back_is_asked_again(caplog):
    client = PatientClient(Client(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED))
    assert client.objective == "score"
    assert client.create_trial("worker0") == "a trial for worker0"
    told = "worker0: The chief does not answer at 127.0.0.1:1: waiting."
    assert caplog.messages == [
        "worker0: There is no chief yet at 127.0.0.1:1: waiting.",
        told,
        told,
    ]


def test_patience_ends(monkeypatch):
    with pytest.raises(ConnectionError, match="No chief answers at 127.0.0.1:1, for 60 minutes"):
        PatientClient(Client(grpc.StatusCode.DEADLINE_EXCEEDED)).create_trial("worker0")
    monkeypatch.setattr(retrying_client, "PATIENCE_SECONDS", 0)
    with pytest.raises(ConnectionError):
        PatientClient(Client(grpc.StatusCode.UNAVAILABLE)).create_trial("worker0")


def test_what_the_chief_raises_is_raised():
    with pytest.raises(Away):
        PatientClient(Client(grpc.StatusCode.UNKNOWN)).create_trial("worker0")
