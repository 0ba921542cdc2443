import ast
import os

import pytest

from benchmarks.mutation.faults import mutants_of
from benchmarks.mutation.forked_tests import TIMED_OUT, in_child

SOURCE = '''"""Text, with 1 < 2 in it."""

FACTOR = 2.5


def f(x: int = 3, *, flag: bool = True, name="a") -> int:
    """Text."""
    x += 1
    if x < 4 and not flag:
        raise ValueError("é" + str(x))
    return [x * 2, x is None][0]
'''
# By line: kind, what is replaced, and the line as the fault leaves it.
FAULTS = {
    (3, "constant", "2.5", "FACTOR = 5.0"),
    (6, "default", "3", 'def f(x: int = 4, *, flag: bool = True, name="a") -> int:'),
    (6, "default", "3", 'def f(x: int = (2), *, flag: bool = True, name="a") -> int:'),
    (6, "default", "True", 'def f(x: int = 3, *, flag: bool = False, name="a") -> int:'),
    (8, "deleted statement", "x += 1", "pass"),
    (8, "off by one", "1", "x += 2"),
    (8, "off by one", "1", "x += (0)"),
    (9, "boolean", "x < 4 and not flag", "if (x < 4 or not flag):"),
    (9, "comparison", "x < 4", "if (x <= 4) and not flag:"),
    (9, "off by one", "4", "if x < 5 and not flag:"),
    (9, "off by one", "4", "if x < (3) and not flag:"),
    (9, "boolean", "not flag", "if x < 4 and (flag):"),
    (10, "deleted statement", 'raise ValueError("é" + str(x))', "pass"),
    (11, "arithmetic", "x * 2", "return [(x / 2), x is None][0]"),
    (11, "off by one", "2", "return [x * 3, x is None][0]"),
    (11, "off by one", "2", "return [x * (1), x is None][0]"),
    (11, "comparison", "x is None", "return [x * 2, (x is not None)][0]"),
    (11, "off by one", "0", "return [x * 2, x is None][1]"),
    (11, "off by one", "0", "return [x * 2, x is None][(-1)]"),
}


def test_each_fault_is_made_at_its_place_and_alone():
    mutants = mutants_of("f.py", SOURCE)
    found = [(m.line, m.kind, m.old, m.mutated_line(SOURCE)) for m in mutants]
    assert sorted(found) == sorted(FAULTS)
    for mutant in mutants:
        ast.parse(mutant.applied(SOURCE))
    with pytest.raises(ValueError, match=r"Received: another f\.py"):
        mutants[0].applied(SOURCE.replace("2.5", "3.5"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_child_returns_its_code_or_is_ended():
    def forever():
        while True:
            pass

    assert in_child(lambda: 3, 60) == 3
    assert in_child(lambda: 1 / 0, 60) == 70
    assert in_child(forever, 1) == TIMED_OUT
