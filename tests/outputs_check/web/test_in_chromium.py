"""A checker at the keyboard of a real browser, without JavaScript and without a mouse."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from review_browser import HEADER, PREFIX, sign
from simulated_gate import TABLE, Submit

from outputs_check.review import reading
from outputs_check.review.intake import intake
from outputs_check.review.station import Station

_MOST_KEYS = 60


@pytest.fixture
def desk(chromium: Browser, address: str) -> Iterator[Page]:
    """Carl's browser window."""
    context = chromium.new_context(java_script_enabled=False, extra_http_headers={HEADER: sign("carl")})
    page = context.new_page()
    page.goto(address + PREFIX)
    yield page
    context.close()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus, and see that the focus can be seen."""
    for _ in range(_MOST_KEYS):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            outline = page.locator(f"{selector}:focus-visible")
            assert outline.count() == 1, "the focus must be visible"
            return
    pytest.fail(f"{selector} is not reached by keyboard")


def test_a_vote_by_keyboard_alone(station: Station, submit: Submit, desk: Page) -> None:
    name = submit({"a.csv": TABLE, "block.csv": TABLE})
    intake(station)
    desk.reload()
    tab_to(desk, f"a[href$='submissions/{name}']")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/submissions/{name}")
    assert desk.locator("td.flag.block").count() == 2
    assert desk.locator("fieldset").count() == 1
    tab_to(desk, "input[name=choice-1]")
    desk.keyboard.press("ArrowDown")  # to "changes requested"
    tab_to(desk, "textarea[name=comment-1]")
    desk.keyboard.type("merge the regions")
    tab_to(desk, "button[type=submit]")
    with desk.expect_response(lambda answer: answer.request.method == "GET"):
        desk.keyboard.press("Enter")
    desk.wait_for_load_state()
    (ballot,) = reading.submission(station, name, "carl").output(1).votes
    assert (ballot.choice, ballot.comment) == ("changes", "merge the regions")
    assert desk.locator("input[value=changes]").is_checked()
