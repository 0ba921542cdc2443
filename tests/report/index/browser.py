"""Headless Chromium, where one is installed: pages as their scripts leave them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_BROWSER = next(filter(None, map(shutil.which, _NAMES)), None)

needs_browser = pytest.mark.skipif(_BROWSER is None, reason="needs Chromium")


def dumped(path: Path, profile: Path, script: str = "") -> str:
    """Returns the text of a page after its script has run, and then another one.

    Args:
        path: The page.
        profile: An empty folder for the browser's own files.
        script: A script that is added to a copy of the page, whose policy would not let it run.
    """
    page = path.read_text("utf-8")
    if script:
        page = re.sub(r"<meta http-equiv=[^>]*>", "", page)
        page = page.replace("</body>", f"<script>{script}</script></body>")
        path = path.with_name("scripted.html")
        path.write_text(page, "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"]
    command = [_BROWSER, *options, f"--user-data-dir={profile}", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout
