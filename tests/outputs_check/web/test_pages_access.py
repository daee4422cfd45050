"""Every route as every role with every method: exactly what the access table says."""

import inspect
import re
from collections.abc import Callable

import pytest
from review_browser import Browser
from simulated_gate import Submit

from outputs_check.review.intake import intake
from outputs_check.review.station import Station
from outputs_check.web.access import ACCESS, Row
from outputs_check.web.application import PAGES
from outputs_check.web.base import HEADERS

PEOPLE = {None: None, "rita": "researcher", "carl": "checker", "adam": "admin", "stranger": None}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
Browsers = Callable[[str | None], Browser]


def path_of(row: Row, submission: str) -> str:
    filled = row.pattern.replace("(?P<path>[a-z0-9.-]+)", "style.css")
    filled = re.sub(r"\(\?P<submission>[^)]*\)", submission, filled)
    return re.sub(r"\(\?P<number>[^)]*\)", "1", filled)


@pytest.mark.parametrize("person", PEOPLE)
def test_every_route_as_every_role_with_every_method(
    station: Station, submit: Submit, browser: Browsers, person: str | None
) -> None:
    name = submit()
    intake(station)
    mine = browser(person)
    for route in ACCESS:
        if route.route == "callback":
            continue  # stands only where the hub is the login
        for method in METHODS:
            status = mine.ask(method, path_of(route, name)).status_code
            row = next((each for each in ACCESS if (each.route, each.method) == (route.route, method)), None)
            where = f"{person} {method} {route.route}: {status}"
            if (row is not None and row.roles is None) or (method == "HEAD" and route.roles is None):
                assert status == 200, where
            elif row is None:
                assert status in {403, 405}, where
            elif person is None:
                assert status in {401, 403}, where
            elif method == "POST" or PEOPLE[person] not in row.roles:
                assert status == 403, where  # a form without its token, or not her page
            else:
                assert status in {200, 302, 404}, where


def test_every_handler_has_its_rows_and_every_row_its_handler() -> None:
    handled = {
        (page.route, method.upper())
        for page in PAGES
        for method in ("get", "post", "put", "patch", "delete", "head", "options")
        if inspect.iscoroutinefunction(vars(page).get(method))
    }
    listed = {(row.route, row.method) for row in ACCESS if row.roles is not None}
    assert handled == listed
    assert all(row.roles for row in ACCESS if row.roles is not None), "a row for nobody is no row"


@pytest.mark.parametrize("path", ["queue", "static/style.css", "no/such/page", "submissions/none"])
def test_every_answer_carries_the_headers(browser: Browsers, path: str) -> None:
    answer = browser("carl").get(path)
    for header, value in HEADERS.items():
        if not (header == "Cache-Control" and path.startswith("static")):
            assert answer.headers[header] == value
    assert "Server" not in answer.headers


def test_a_page_that_is_not_there_is_said_so(browser: Browsers) -> None:
    answer = browser("carl").get("no/such/page")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize("path", ["static/../access.py", "static/%2e%2e/access.py", "static/none.css"])
def test_only_our_assets_are_served(browser: Browsers, path: str) -> None:
    assert browser("carl").get(path).status_code in {403, 404}


def test_a_forged_identity_is_nobody(address: str) -> None:
    forged = Browser(address, None)
    assert forged.ask("GET", "queue", headers={"X-Test-Person": "carl.00"}).status_code == 401


@pytest.mark.parametrize("token", [None, "", "x", "0-0"])
def test_a_form_without_its_token_does_nothing(
    station: Station, submit: Submit, browser: Browsers, token: str | None
) -> None:
    name = submit()
    intake(station)
    before = station.db.verify_audit().events
    fields = {"choice-1": "approve"} | ({"_xsrf": token} if token is not None else {})
    assert browser("carl").ask("POST", f"submissions/{name}/vote", data=fields).status_code == 403
    assert station.db.verify_audit().events == before


def test_a_token_is_good_for_its_own_login_only(station: Station, submit: Submit, browser: Browsers) -> None:
    name = submit()
    intake(station)
    page = browser("carl").get(f"submissions/{name}").text
    found = re.search(r'name="_xsrf" value="([^"]+)"', page)
    assert found
    fields = {"_xsrf": found[1], "choice-1": "approve"}
    assert browser("cora").ask("POST", f"submissions/{name}/vote", data=fields).status_code == 403
