import os
import subprocess
import sys
from pathlib import Path

import pytest

import kerasrecipes


def test_public_names_are_no_names_of_modules():
    # A module that is imported would hide the function of its name.
    for name in kerasrecipes.__all__:
        assert getattr(kerasrecipes, name).__name__ == name
        assert not list(Path(kerasrecipes.__file__).parent.glob(f"{name}/__init__.py"))
        assert not Path(kerasrecipes.__file__).with_name(f"{name}.py").exists()
    with pytest.raises(AttributeError, match="'kerasrecipes' has no attribute 'tarin'"):
        _ = kerasrecipes.tarin


@pytest.mark.parametrize(("given", "expected"), [(None, "2"), ("0", "0")])
def test_tensorflow_is_asked_for_errors_only_unless_told_otherwise(given, expected):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"PYTHONPATH": str(Path(kerasrecipes.__file__).parents[1])}
    environment |= {} if given is None else {"TF_CPP_MIN_LOG_LEVEL": given}
    program = "import kerasrecipes, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    printed = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    assert printed.strip() == expected
