"""Who comes in, who gets a session, and over which sockets."""

from pathlib import Path

import pytest
from running_lab import PASSWORD, RoomKernel, RunningLab

from lab.base.errors import NotPermitted
from lab.hub.visitor import Visitor


def test_only_the_right_password_opens(running_lab: RunningLab) -> None:
    Visitor(running_lab.hub.url).log_in("rita", PASSWORD)
    db = running_lab.settings.database()
    assert db.audit_events(action="person.logged_in", subject="rita")
    for username, password in (("rita", PASSWORD + "x"), ("rita", ""), ("nobody", PASSWORD)):
        with pytest.raises(NotPermitted, match="refused the login"):
            Visitor(running_lab.hub.url).log_in(username, password)
    refused = db.audit_events(action="person.login_refused")
    assert {event["actor"] for event in refused} == {"rita"}


@pytest.mark.parametrize(
    ("username", "project", "reason"),
    [
        ("late", "work-health", "accreditation of late ended on"),
        ("ravi", "work-health", "ravi does not belong to the project"),
        ("carl", "work-health", "only researchers have sessions"),
        ("rita", "asleep", "the project is not active"),
        ("rita", "empty", "the project has no data yet"),
        ("rita", "made-up", "there is no such project"),
        ("rita", "", "a session belongs to a project"),
    ],
)
def test_a_session_is_refused_in_one_sentence(
    running_lab: RunningLab, username: str, project: str, reason: str
) -> None:
    answer = running_lab.get(username, f"/hub/spawn/{username}/{project}".rstrip("/"))
    assert answer.status_code == 403
    assert reason in answer.text


def test_the_front_page_lists_the_persons_own_projects(running_lab: RunningLab) -> None:
    page = running_lab.get("rita", "/hub/home").text
    assert "About work-health" in page
    assert "About pensions" not in page
    assert 'id="start-asleep"' not in page
    assert "Check outputs" not in page
    assert "Check outputs" in running_lab.get("carl", "/hub/home").text


@pytest.mark.usefixtures("room")
def test_nobody_enters_anothers_session(running_lab: RunningLab) -> None:
    path = "/user/rita/work-health/api/contents"
    assert running_lab.get("rita", path).status_code == 200
    for username in ("ravi", "carl", "adam"):
        assert running_lab.get(username, path).status_code in {403, 404}


def test_an_admin_sees_what_runs_and_may_stop_it_but_nothing_else(
    running_lab: RunningLab, room: RoomKernel
) -> None:
    room.run("pass")
    ravi, adam = running_lab.visitor("ravi"), running_lab.visitor("adam")
    ravi.open_session("pensions")
    page = running_lab.get("adam", "/hub/home").text
    assert 'data-user="ravi" data-project="pensions"' in page
    assert 'data-user="rita" data-project="work-health"' in page
    assert 'data-user="ravi"' not in running_lab.get("carl", "/hub/home").text
    path = "/hub/api/users/ravi/servers/pensions"
    for visitor, status in ((running_lab.visitor("carl"), {403, 404}), (adam, {202, 204})):
        headers = {"X-XSRFToken": visitor.xsrf("/hub/"), "Referer": f"{visitor.url}/hub/home"}
        assert visitor.browser.delete(visitor.url + path, headers=headers, timeout=60).status_code in status
    assert running_lab.get("adam", "/hub/admin").status_code == 403
    assert running_lab.get("adam", "/hub/api/users").status_code == 403


def test_an_admin_acts_as_nobody_else(running_lab: RunningLab, room: RoomKernel) -> None:
    """Who could make a token for a checker, or two, would be two checkers."""
    room.run("pass")
    adam = running_lab.visitor("adam")
    running_lab.visitor("carl")  # the hub knows him from now on
    headers = {"X-XSRFToken": adam.xsrf("/hub/"), "Referer": f"{adam.url}/hub/home"}
    for path in ("users/carl/tokens", "users/rita/servers/work-health", "users/rita/server", "users/x"):
        answer = adam.browser.post(f"{adam.url}/hub/api/{path}", headers=headers, json={}, timeout=60)
        assert answer.status_code in {403, 404}, path
    assert running_lab.get("adam", "/user/rita/work-health/api/contents").status_code in {403, 404}


@pytest.mark.parametrize("path", ["/hub/made-up", "/hub/admin", "/hub/spawn/rita/made-up"])
def test_an_error_page_says_it_plainly_and_leads_back(running_lab: RunningLab, path: str) -> None:
    page = running_lab.get("rita", path).text
    assert 'href="/hub/home">Back to the first page' in page
    assert 'id="logout"' in page
    for jargon in ("Jupyter has", "scopes;", "404 None", "Traceback"):
        assert jargon not in page


def test_researchers_have_no_tokens(running_lab: RunningLab) -> None:
    rita = running_lab.visitor("rita")
    headers = {"X-XSRFToken": rita.xsrf("/hub/"), "Referer": f"{rita.url}/hub/home"}
    answer = rita.browser.post(f"{rita.url}/hub/api/users/rita/tokens", headers=headers, json={}, timeout=60)
    assert answer.status_code == 403


def test_only_the_front_door_listens_on_the_network(running_lab: RunningLab, room: RoomKernel) -> None:
    room.run("pass")
    inodes = {inode for pid in _family(running_lab.hub.process.pid) for inode in _sockets(pid)}
    listening = {port for port, inode in _listening_ports() if inode in inodes}
    assert listening == {running_lab.hub.port}


def _family(pid: int) -> set[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _sockets(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def _listening_ports() -> list[tuple[int, str]]:
    lines = [line for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    rows = [line.split() for line in lines]
    return [(int(row[1].rpartition(":")[2], 16), row[9]) for row in rows if row[3] == "0A"]


def test_pages_carry_a_policy(running_lab: RunningLab, room: RoomKernel) -> None:
    room.run("pass")
    for path in ("/hub/home", "/user/rita/work-health/lab"):
        policy = running_lab.get("rita", path).headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
