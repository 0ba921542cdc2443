"""Prose wraps where it can be read and compared line by line."""

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

WIDTH = 100
PROSE = [*PAGES, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]


def _too_long(page):
    """Yields the lines that are too long and are prose: no table, code, link or comment."""
    code = {
        number
        for block in blocks(page)
        for number in range(block.line, block.line + len(block.code.splitlines()))
    }
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        if len(line) > WIDTH and number not in code and not line.startswith(("|", "[", "<!--")):
            yield number, line


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_wraps(page):
    assert list(_too_long(page)) == []
