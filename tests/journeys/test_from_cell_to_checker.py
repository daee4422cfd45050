"""The road by hand: rita analyses and submits in her browser, carl sees it in his."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from running_lab import PASSWORD, RunningLab

pytestmark = pytest.mark.journey

SECONDS = 60_000
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
CELL = """
from lab import session
import pandas as pd
frame = session.extract("person_year").compute()
table = pd.crosstab(frame.region, frame.sex)
outputs = session.Submission("outputs/by-region")
outputs.table(table, file="region.csv", title="Person-years by region and sex",
              statistic="count", data="person_year", rows=["region"], columns=["sex"])
display(table)
print(session.submit(outputs))
""".strip()


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of a page for the README."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


def _log_in(chromium: Browser, lab: RunningLab, username: str) -> Page:
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(SECONDS)
    page.goto(lab.hub.url)
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    if username == "rita":
        screenshot(page, "login")
    page.click("input[type=submit]")
    expect(page.get_by_role("heading", level=1)).to_have_text(username.title())
    return page


def test_a_researcher_submits_and_a_checker_sees_it(chromium: Browser, running_lab: RunningLab) -> None:
    rita = _log_in(chromium, running_lab, "rita")
    refused: list[str] = []
    rita.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
    screenshot(rita, "projects")
    identifier = _analyse_and_submit(rita)
    assert not refused
    _see_it_checked(_log_in(chromium, running_lab, "carl"), identifier)


def test_a_researcher_stops_her_session_and_may_start_it_again(
    chromium: Browser, running_lab: RunningLab
) -> None:
    running_lab.visitor("ravi").open_session("pensions")
    ravi = _log_in(chromium, running_lab, "ravi")
    ravi.click("#stop-pensions")
    expect(ravi.locator("#start-pensions")).to_be_visible(timeout=SECONDS)


def _analyse_and_submit(rita: Page) -> str:
    rita.click("#start-work-health, #open-work-health")
    rita.click(".jp-LauncherCard[data-category=Notebook]", timeout=SECONDS)
    expect(rita.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=SECONDS)
    cell = rita.locator(".jp-Notebook .jp-CodeCell .cm-content").first
    cell.fill(CELL)
    expect(cell).to_contain_text("session.submit(outputs)")
    cell.press("Shift+Enter")
    said = rita.locator(".jp-OutputArea-output", has_text="submitted as").first
    expect(said).to_be_visible(timeout=SECONDS)
    screenshot(rita, "notebook")
    found = re.search(r"submitted as (\S+);", said.inner_text())
    assert found
    return found.group(1)


def _see_it_checked(carl: Page, identifier: str) -> None:
    carl.get_by_role("link", name="Check outputs").click()
    _reload_until(carl, carl.get_by_role("link", name=identifier))
    screenshot(carl, "queue")
    carl.get_by_role("link", name=identifier).click()
    _reload_until(carl, carl.get_by_text("Person-years by region and sex").first)
    screenshot(carl, "submission")


def _reload_until(page: Page, wanted: Locator) -> None:
    """Look again, as a person does, until the page shows it: the gate takes its time."""
    for _ in range(120):
        if wanted.is_visible():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(wanted).to_be_visible()
