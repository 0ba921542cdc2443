"""Which tests run which lines."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import coverage
import pytest

from mutation.faults import Mutant


class Recorder:
    """A plugin of pytest that writes the lines that each test runs, and the CPU time that it takes.

    Args:
        root: The copy of the repository that is tested.
        paths: The files whose lines are recorded, relative to `root`.
        output: The JSON file to write at the end.
    """

    def __init__(self, root: Path, paths: Sequence[str], output: Path):
        self.root, self.output = root, output
        include = [str(root / path) for path in paths]
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=include)
        self.seconds: dict[str, float] = {}
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        began = time.process_time()
        result = yield
        self.seconds[item.nodeid] = time.process_time() - began
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            print(f"FAILED without a fault: {report.nodeid}", flush=True)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        lines = {}
        for file in data.measured_files():
            by_line = data.contexts_by_lineno(file)
            lines[str(Path(file).relative_to(self.root))] = {
                line: [test for test in tests if test] for line, tests in by_line.items()
            }
        self.output.write_text(json.dumps({"seconds": self.seconds, "lines": lines}))


class Covering:
    """What a `Recorder` wrote.

    Args:
        file: The JSON file.
    """

    def __init__(self, file: Path):
        recorded = json.loads(file.read_text())
        self.seconds: dict[str, float] = recorded["seconds"]
        self.lines: dict[str, dict[str, list[str]]] = recorded["lines"]

    def tests_of(self, mutant: Mutant) -> dict[str, float]:
        """Returns the tests that may notice a mutant, with the CPU seconds that each takes.

        These are the tests that run its lines, and the others of their files: a function that is
        compiled runs its lines in the first test that calls it, and what it computes is tested in
        the next ones. Lines that run when a module is imported, as defaults of arguments do, belong
        to all tests that run anything of the module, and to all tests if none does.
        """
        lines = self.lines.get(mutant.path, {})
        numbers = range(mutant.line, mutant.last_line + 1)
        tests = {test for number in numbers for test in lines.get(str(number), ())}
        if not tests:
            tests = {test for covering in lines.values() for test in covering} or {*self.seconds}
        files = {_file(test) for test in tests}
        return {test: s for test, s in self.seconds.items() if _file(test) in files}


def _file(test: str) -> str:
    return test.partition("::")[0]
