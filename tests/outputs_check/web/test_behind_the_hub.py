"""The pages as the hub runs them: its login, its proxy, the intake beside them, the real gate."""

import html
import json
import re
import time

import pandas as pd
import pytest
import requests
from running_lab import RunningLab, person_year

from lab.base.database import Database
from lab.hub.dropbox import DropBox
from lab.hub.visitor import Visitor

PAGES = "/services/checking/"
DECLARATION = """
project = "work-health"
unit = "person_id"
owners = ["dwp", "hmrc"]

[[output]]
file = "regions.csv"
title = "People by region and sex, 2024"
statistic = "count"
data = "person_year"
where = "year = 2024"
rows = ["region"]
columns = ["sex"]
"""


@pytest.fixture(scope="module")
def submission(running_lab: RunningLab) -> str:
    """A submission from rita's workspace, by way of her session's keeper; at the gate within seconds."""
    settings = running_lab.settings
    folder = settings.lab / "workspaces" / "work-health" / "rita" / "first"
    folder.mkdir(parents=True)
    data = person_year("work-health")
    data = data[data["year"] == 2024]
    pd.crosstab(data["region"], data["sex"]).to_csv(folder / "regions.csv")
    (folder / "submission.toml").write_text(DECLARATION)
    box = DropBox(settings, "rita", "work-health", "work-health-extract", folder.parent)
    name = str(box.submit("first", ["submission.toml", "regions.csv"])["id"])
    end = time.monotonic() + 60
    while time.monotonic() < end:
        told = [each["state"] for each in box.status() if each["id"] == name]
        if told == ["in_review"]:
            return name
        time.sleep(0.2)
    pytest.fail(f"the intake beside the pages did not take it: {told}")


@pytest.fixture(scope="module", autouse=True)
def pages(running_lab: RunningLab) -> None:
    """The pages start with the hub, a moment after it."""
    end = time.monotonic() + 30
    while requests.get(f"{running_lab.hub.url}{PAGES}static/style.css", timeout=60).status_code != 200:
        assert time.monotonic() < end, "the pages did not start"
        time.sleep(0.2)


def opened(visitor: Visitor, path: str = "") -> requests.Response:
    return visitor.browser.get(f"{visitor.url}{PAGES}{path}", timeout=60)


def sent(visitor: Visitor, page: str, path: str, **fields: str) -> requests.Response:
    text = opened(visitor, page).text
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
    form = {name: html.unescape(value) for name, value in hidden} | fields
    return visitor.browser.post(f"{visitor.url}{PAGES}{path}", data=form, timeout=60)


def test_who_is_not_logged_in_is_sent_to_the_login(running_lab: RunningLab) -> None:
    answer = opened(Visitor(running_lab.hub.url), "queue")
    assert "/hub/login" in answer.url
    stranger = requests.post(f"{running_lab.hub.url}{PAGES}submissions/x/vote", timeout=60)
    assert stranger.status_code == 403


def test_two_people_decide_and_release_behind_the_hub(running_lab: RunningLab, submission: str) -> None:
    page = f"submissions/{submission}"
    for name in ("carl", "cora"):
        checker = running_lab.visitor(name)
        assert opened(checker).url.endswith(f"{PAGES}queue")
        assert submission in opened(checker, "queue").text
        answer = sent(checker, page, f"{page}/vote", **{"choice-1": "approve"})
        assert answer.status_code == 200
    answer = sent(checker, page, f"{page}/release")
    assert "released" in answer.text
    rita = running_lab.visitor("rita")
    assert opened(rita).url.endswith(f"{PAGES}mine")
    assert opened(rita, page).status_code == 403
    file = opened(rita, f"released/{submission}/1")
    folder = running_lab.settings.checking / "release" / "work-health" / submission
    assert file.content == (folder / "regions.csv").read_bytes()
    assert opened(running_lab.visitor("ravi"), f"mine/{submission}").status_code == 404


def test_a_page_of_another_origin_or_script_gets_nothing(running_lab: RunningLab, submission: str) -> None:
    """A script on a researcher's own pages, run in a checker's browser, is not the checker."""
    carl = running_lab.visitor("carl")
    opened(carl)
    script = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}
    address = f"{carl.url}{PAGES}submissions/{submission}"
    answer = carl.browser.get(address, headers=script, timeout=60, allow_redirects=False)
    assert answer.status_code == 403
    assert "regions.csv" not in answer.text
    assert "regions.csv" in carl.browser.get(address, timeout=60).text, "he himself may open it"


def test_the_pages_log_in_the_audit_log_who_did_what(running_lab: RunningLab, submission: str) -> None:
    db: Database = running_lab.settings.database()
    db.verify_audit()
    lines = map(json.loads, (running_lab.settings.home / "audit.jsonl").read_text().splitlines())
    voted = [each["actor"] for each in lines if each["action"] == "submission.voted"]
    assert voted == ["carl", "cora"]
