"""A real Chromium: one for all tests, as there can be one driver in a process."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; skips where it is missing, except where tests have to count."""
    program = shutil.which("chromium")
    if program is None:
        reason = "there is no Chromium here: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Chromium's own sandbox refuses to run as root, as tests sometimes do.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*options, "--disable-gpu"])
        yield browser
        browser.close()
