import pytest

from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT, TUNER_ID, role


@pytest.fixture
def environment(monkeypatch):
    for name in (TUNER_ID, ORACLE_IP, ORACLE_PORT):
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
