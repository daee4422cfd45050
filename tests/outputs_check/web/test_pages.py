"""What people see and do on the pages."""

from collections.abc import Callable

import pytest
from review_browser import Browser
from simulated_gate import PROJECT, TABLE, SimulatedGate, Submit

from lab.registry import people, projects
from lab.registry.view import Role
from outputs_check.review import reading
from outputs_check.review.ballots import Ballot, Choice
from outputs_check.review.deciding import vote
from outputs_check.review.intake import intake
from outputs_check.review.release import release
from outputs_check.review.station import Station
from outputs_check.review.transitions import State

Browsers = Callable[[str | None], Browser]
HOSTILE = b'a,b\n"<script>alert(1)</script>","<img src=x onerror=alert(1)>"\n"\xe2\x80\xaeevil",1\n'


@pytest.fixture
def name(station: Station, submit: Submit) -> str:
    made = submit({"a.csv": TABLE, "block.csv": TABLE, "review.png": b"\x89PNG not really"})
    intake(station)
    return made


def vote_all(browser: Browser, name: str, **fields: str) -> int:
    choices = {
        "choice-1": "approve",
        "choice-3": "approve",
        **{k.replace("_", "-"): v for k, v in fields.items()},
    }
    return browser.send(f"submissions/{name}", f"submissions/{name}/vote", **choices).status_code


@pytest.mark.parametrize(("person", "page"), [("carl", "queue"), ("adam", "queue"), ("rita", "mine")])
def test_everybody_begins_where_she_works(browser: Browsers, person: str, page: str) -> None:
    assert browser(person).get("").headers["Location"].endswith(page)


def test_the_queue_says_whose_turn_it_is(station: Station, browser: Browsers, name: str) -> None:
    page = browser("carl").get("queue").text
    assert "Waiting for your votes" in page
    assert "0 of 2" in page
    assert vote_all(browser("carl"), name) == 303
    page = browser("carl").get("queue").text
    assert "Waiting for others" in page
    assert "2 of 2" in page
    projects.ensure_member(station.db, PROJECT, "chris", actor="adam")
    assert "others decide" in browser("chris").get("queue").text
    assert vote_all(browser("cora"), name, choice_3="reject", comment_3="no") == 303
    assert "Votes differ" in browser("carl").get("queue").text


def test_a_list_that_is_cut_says_so(
    station: Station, submit: Submit, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        made = submit({"a.csv": TABLE})
        intake(station)
        for checker in ("carl", "cora"):
            vote(station, made, "a.csv", Ballot(checker, Choice.APPROVE))
        release(station, made, "carl")
        submit({"a.csv": TABLE})
    intake(station)
    pages = {"queue": "carl", "releases": "carl", "mine": "rita"}
    totals = {"queue": "oldest 1 of 2", "releases": "newest 1 of 2", "mine": "newest 1 of 4"}
    for page, person in pages.items():
        assert "These are the" not in browser(person).get(page).text
    for module in ("checker_pages", "researcher_pages"):
        monkeypatch.setattr(f"outputs_check.web.{module}.MOST_LISTED", 1)
    for page, person in pages.items():
        text = browser(person).get(page).text
        assert f"These are the {totals[page]}." in text
        assert text.count('<th scope="row">') == 1


def test_a_submission_shows_findings_flagged_cells_and_every_figure(browser: Browsers, name: str) -> None:
    page = browser("carl").get(f"submissions/{name}").text
    for said in (
        "2 cells rest on fewer than 10 people",
        "region=North, sex=F",
        "merge North with North East",
    ):
        assert said in page
    assert 'class="num flag block">120' in page.replace(">\n120", ">120")
    for figure in ("120", "130", "140", "150"):
        assert page.count(figure) >= 2
    assert "recomputed from the granted extract" in page
    assert "no vote can let it out" in page


def test_two_checkers_decide_and_release_in_their_browsers(
    station: Station, browser: Browsers, name: str
) -> None:
    carl, cora, page = browser("carl"), browser("cora"), f"submissions/{name}"
    assert vote_all(carl, name, choice_3="reject", comment_3="where is its table?") == 303
    assert "where is its table?" not in cora.get(page).text, "the first turn is blind"
    assert vote_all(cora, name) == 303
    assert "where is its table?" in cora.get(page).text
    assert carl.send(page, f"{page}/decide").status_code == 303
    assert carl.send(page, f"{page}/release").status_code == 303
    assert reading.submission(station, name, "carl").state is State.RELEASED
    assert name in carl.get("releases").text
    rita = browser("rita")
    own = rita.get(f"mine/{name}").text
    assert "where is its table?" in own
    assert "carl" not in own
    file = rita.get(f"released/{name}/1")
    assert (file.content, file.status_code) == (TABLE, 200)
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert rita.get(f"released/{name}/2").status_code == 404
    assert rita.get(f"released/{name}/3").status_code == 404


def test_what_is_wrong_with_a_vote_is_said_and_nothing_typed_is_lost(
    station: Station, browser: Browsers, name: str
) -> None:
    page = f"submissions/{name}"
    fields = {"choice-1": "approve", "choice-3": "reject", "comment-1": "a fine table"}
    answer = browser("carl").send(page, f"{page}/vote", **fields)
    assert answer.status_code == 400
    assert "needs a comment" in answer.text
    assert "a fine table" in answer.text
    assert all(output.cast == 0 for output in reading.submission(station, name, "carl").outputs)


def test_a_vote_for_a_blocked_output_is_refused(browser: Browsers, name: str) -> None:
    page = f"submissions/{name}"
    answer = browser("carl").send(page, f"{page}/vote", **{"choice-2": "approve"})
    assert answer.status_code == 403
    assert "The gate has blocked this output" in answer.text


def test_a_checker_of_the_project_may_look_but_not_vote(
    station: Station, browser: Browsers, name: str
) -> None:
    people.ensure_role(station.db, "rob", Role.CHECKER, actor="adam")
    assert vote_all(browser("rob"), name) == 403


def test_a_vote_on_what_changed_meanwhile_is_refused(
    station: Station, gate: SimulatedGate, browser: Browsers, name: str
) -> None:
    page = f"submissions/{name}"
    answer = browser("carl").send(page, f"{page}/vote", **{"choice-1": "approve", "binding-1": "0" * 64})
    assert answer.status_code == 403
    assert "changed since you looked" in answer.text


def test_hostile_content_is_text(station: Station, submit: Submit, browser: Browsers) -> None:
    name = submit({"a.csv": HOSTILE, "block.csv": HOSTILE, "review.txt": b"<script>alert(2)</script>"})
    intake(station)
    page = browser("carl").get(f"submissions/{name}").text
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "⟨U+202E⟩evil" in page


def test_a_picture_is_sent_as_what_it_is_and_never_when_blocked(
    station: Station, submit: Submit, browser: Browsers, name: str
) -> None:
    picture = browser("carl").get(f"submissions/{name}/3/picture")
    assert picture.headers["Content-Type"] == "image/png"
    assert browser("carl").get(f"submissions/{name}/1/picture").status_code == 404
    upload = browser("carl").get(f"submissions/{name}/3/upload")
    assert (upload.status_code, upload.headers["Content-Type"]) == (200, "image/png")
    assert browser("carl").get(f"submissions/{name}/1/upload").status_code == 404
    assert browser("rita").get(f"submissions/{name}/3/upload").status_code == 403
    blocked = submit({"block.png": b"\x89PNG evil", "a.csv": TABLE})
    intake(station)
    for route in ("picture", "upload"):
        assert browser("carl").get(f"submissions/{blocked}/2/{route}").status_code == 404


def test_a_project_sees_its_own_and_nothing_else(browser: Browsers, name: str) -> None:
    assert name in browser("rob").get("mine").text
    assert "2 cells rest on fewer than 10 people" in browser("rob").get(f"mine/{name}").text
    assert name not in browser("mallory").get("mine").text
    for path in (f"mine/{name}", f"released/{name}/1"):
        answer = browser("mallory").get(path)
        assert (answer.status_code, "fewer than 10" in answer.text) == (404, False)


def test_a_researcher_takes_her_own_back(station: Station, browser: Browsers, name: str) -> None:
    page = f"mine/{name}"
    assert "Withdraw" not in browser("rob").get(page).text
    assert browser("rita").send(page, f"{page}/withdraw").status_code == 303
    assert reading.submission(station, name, "carl").state is State.WITHDRAWN
    assert "You took it back" in browser("rita").get(page).text


def test_a_fault_of_ours_is_a_page_without_a_traceback(
    station: Station, browser: Browsers, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the server")

    monkeypatch.setattr(reading, "submission", broken)
    answer = browser("carl").get(f"submissions/{name}")
    assert answer.status_code == 500
    assert "secret of the server" not in answer.text
    assert "Traceback" not in answer.text
