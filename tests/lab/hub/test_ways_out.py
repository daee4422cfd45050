"""The session's door: what a browser may fetch of a session. Each way out works behind the door."""

import http.client
import json
import socket
from pathlib import Path

import pytest
import requests
from running_lab import RoomKernel, RunningLab

from lab.hub.meter import Allowance, Meter
from lab.hub.places import Places
from lab.hub.routes_inside import HUB, SESSION, found
from lab.hub.visitor import SessionPage

SECRET = "a line of somebody's record"


@pytest.fixture(scope="module")
def page(running_lab: RunningLab, room: RoomKernel) -> SessionPage:
    room.run(
        f"""
        import json, os
        open("/workspace/rows.csv", "w").write({SECRET!r})
        open("/workspace/picture.svg", "w").write("<svg>" + {SECRET!r} + "</svg>")
        notebook = {{"cells": [], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}
        json.dump(notebook, open("/workspace/book.ipynb", "w"))
        os.makedirs("/workspace/.local/share/jupyter/labextensions/mine", exist_ok=True)
        open("/workspace/.local/share/jupyter/labextensions/mine/x.txt", "w").write({SECRET!r})
        """
    )
    return room.kernel.page


class _Socket(http.client.HTTPConnection):
    """HTTP to the notebook server itself, past the door."""

    def __init__(self, path: Path) -> None:
        super().__init__("session", timeout=30)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def _behind(lab: RunningLab, page: SessionPage, path: str) -> tuple[int, str]:
    prepared = requests.Request("GET", f"{lab.hub.url}{page.path}").prepare()
    cookies = requests.cookies.get_cookie_header(page.visitor.browser.cookies, prepared)
    host = lab.hub.url.removeprefix("http://")
    line = _Socket(Places.of(lab.settings).session("rita", "work-health") / "server.sock")
    line.request("GET", f"{page.path}{path}", headers={"Cookie": cookies or "", "Host": host})
    answer = line.getresponse()
    return answer.status, answer.read().decode(errors="replace")


@pytest.mark.parametrize(
    "path",
    [
        "files/rows.csv",
        "files/rows.csv?download=1",
        "view/rows.csv",
        "nbconvert/html/book.ipynb?download=true",
        "nbconvert/script/book.ipynb",
        "api/contents/rows.csv?type=file&format=base64&content=1",
        "lab/extensions/mine/x.txt",
        "metrics",
        "api/status",
        "api/config/notebook",
        "api/spec.yaml",
        "api/kernelspecs/python3",
        "lab/api/extensions",
    ],
)
def test_a_way_out_is_shut_and_would_be_open(running_lab: RunningLab, page: SessionPage, path: str) -> None:
    status, _ = _behind(running_lab, page, path)
    assert status in {200, 302, 404, 500}  # the server itself lets the request in
    answer = page.request("GET", path)
    assert (answer.status_code, SECRET in answer.text) in {(403, False), (404, False)}


def test_the_files_would_be_open(running_lab: RunningLab, page: SessionPage) -> None:
    for path in ("files/rows.csv", "files/picture.svg"):
        assert SECRET in _behind(running_lab, page, path)[1]


@pytest.mark.parametrize(
    "path",
    [
        "lab/../files/rows.csv",
        "lab/tree/%2e%2e/%2e%2e/files/rows.csv",
        "lab/tree/..%2f..%2ffiles/rows.csv",
        "static/..%2f..%2f..%2fetc/passwd",
        "static/%252e%252e/x",
        "lab//../files/rows.csv",
        "files\\rows.csv",
        "api/contents/..%5c..%5cx",
    ],
)
def test_no_spelling_of_a_path_gets_around(page: SessionPage, path: str) -> None:
    url = f"{page.visitor.url}{page.path}{path}"
    request = requests.Request("GET", url, cookies=page.visitor.browser.cookies).prepare()
    request.url = url  # as it is, not as a library would tidy it
    answer = page.visitor.browser.send(request, allow_redirects=False, timeout=30)
    assert SECRET not in answer.text
    assert "root:" not in answer.text
    assert answer.status_code in {302, 400, 403, 404}


def test_pages_are_kept_nowhere_and_may_not_call_out(page: SessionPage) -> None:
    answer = page.request("GET", "lab")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-DNS-Prefetch-Control"] == "off"
    # No download, no window, no dialogue of printing.
    assert "sandbox allow-scripts allow-same-origin allow-forms" in answer.headers["Content-Security-Policy"]


def test_jupyterlabs_files_come_from_outside_the_session(page: SessionPage) -> None:
    text = page.request("GET", "lab").text
    script = text.split('src="')[1].split('"')[0]
    answer = page.visitor.browser.get(f"{page.visitor.url}{script}", timeout=30)
    assert answer.ok
    assert "javascript" in answer.headers["Content-Type"]
    assert answer.headers["Cache-Control"] != "no-store"


def test_what_a_kernel_shows_is_counted_and_recorded(running_lab: RunningLab, room: RoomKernel) -> None:
    folder = Places.of(running_lab.settings).meter("rita", "work-health")
    room.run("print('shown to a person ' * 100_000)")
    counted = json.loads((folder / "today.json").read_bytes())
    assert counted["bytes"] > 1_000_000
    assert list(folder.glob("*.jsonl.gz"))


def test_a_meter_alerts_once_and_stops(tmp_path: Path) -> None:
    said: list[tuple[str, int]] = []
    small = Allowance(alert=100, stop=300, message=50)
    meter = Meter(tmp_path, small, lambda word, count: said.append((word, count)))
    for _ in range(4):
        meter.add(60)
    assert (said, meter.spent) == ([("alert", 120)], False)
    meter.close()
    again = Meter(tmp_path, small, lambda word, count: said.append((word, count)))
    again.add(60)
    again.add(1)
    assert (said, again.spent) == ([("alert", 120), ("stop", 301)], True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/users"),
        ("GET", "api/users/rita"),
        ("POST", "api/users/rita/tokens"),
        ("DELETE", "api/users/rita/server"),
        ("GET", "api/proxy"),
        ("POST", "api/shutdown"),
        ("GET", "login"),
        ("GET", "home"),
    ],
)
def test_the_hub_answers_a_session_about_logins_only(method: str, path: str) -> None:
    assert found(HUB, method, path, frozenset()) is None


def test_the_list_is_what_jupyterlab_needs() -> None:
    for path in ("lab", "lab/tree/a b.ipynb", "api/contents", "api/contents/a/b.ipynb", "api/sessions"):
        assert found(SESSION, "GET", path, frozenset({"1795320026376"})) is not None, path
    assert found(SESSION, "GET", "api/contents/x", frozenset({"format"})) is None
    assert found(SESSION, "DELETE", "lab", frozenset()) is None


def test_a_session_reaches_of_the_hub_what_it_needs(room: RoomKernel) -> None:
    said = room.run(
        """
        import http.client, socket
        from lab.base.room import HUB
        class Line(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(str(HUB))
        for path in ("/hub/api", "/hub/api/users", "/hub/login", "/hub/api/proxy"):
            line = Line("hub"); line.request("GET", path); print(line.getresponse().status, end=" ")
        """
    )
    assert said == "200 403 403 403"
