import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "precisions", "tolerance"),
    [
        ("resnet20", ["float32"], 1e-5),
        ("resnet20", ["bfloat16", "float16"], 0.02),
        # Its one-pass variances round more, and norms over few values make much of that.
        ("resnet50", ["float32"], 0.01),
    ],
)
def test_peer_trains_as_keras_does(network, precisions, tolerance):
    pytest.importorskip("jax")
    pytest.importorskip("optax")
    rows = _run("--small", "--networks", network, "--precisions", *precisions)
    assert [row[2] for row in rows] == precisions
    for row in rows:
        assert row[:2] == [network, "jax"]
        assert float(row[-1]) < tolerance


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("resnet20", 40_551_040),  # By hand, from the table in section 4.2 of the paper.
        pytest.param("resnet50", 4_089_184_256, marks=pytest.mark.slow),  # As torchvision counts.
    ],
)
def test_multiplications(network, expected, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from steps.case import NETWORKS
    from steps.operations import multiplications

    assert multiplications(NETWORKS[network].build()) == expected


def _run(*arguments) -> list[list[str]]:
    """Returns the rows of the printed table, in words."""
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), *arguments]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = printed.splitlines()
    title = next(i for i, line in enumerate(lines) if line.startswith("network"))
    return [line.split() for line in lines[title + 1 :]]
