"""Families 1 and 2: what the notebook server hands out by itself, as files and as JSON."""

from lab.escape.attempt import Attempt, Request

_SERVER = "Jupyter Server documentation, 'The REST API' and its handlers"
_ROUTES = "CWE-22, path traversal; CWE-436, interpretation conflict"


def _file(
    name: str, what: str, path: str, finds: str = "{canary}", method: str = "GET", **more: object
) -> Attempt:
    how = Request(method, "{session}" + path, finds=finds, **more)  # type: ignore[arg-type]
    return Attempt(f"file-{name}", 1, what, _SERVER, how)


def _spelt(name: str, what: str, path: str, **headers: str) -> Attempt:
    return Attempt(f"spelt-{name}", 1, what, _ROUTES, Request("GET", path, finds="{canary}", headers=headers))


def _json(name: str, what: str, method: str, path: str, finds: str = "", body: object = None) -> Attempt:
    return Attempt(f"json-{name}", 2, what, _SERVER, Request(method, "{session}" + path, finds, body))


_SAID = {
    "type": "notebook",
    "content": {
        "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "a row of rows"}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    },
}

ATTEMPTS = (
    _file("files", "fetch a file of the workspace", "files/rows.csv"),
    _file("download", "download a file of the workspace", "files/rows.csv?download=1"),
    _file("picture", "fetch a picture that has rows in it", "files/picture.svg"),
    _file("page", "fetch a page that has rows in it", "files/page.html"),
    _file("head", "learn a file's size", "files/rows.csv", finds="", method="HEAD"),
    _file("part", "fetch part of a file", "files/rows.csv", headers={"Range": "bytes=0-99"}),
    _file("view", "view a page of the workspace", "view/page.html", finds=""),
    _file("export-html", "export a notebook as a page", "nbconvert/html/book.ipynb"),
    _file("export-download", "export a notebook and download it", "nbconvert/html/book.ipynb?download=true"),
    _file("export-script", "export a notebook as a program", "nbconvert/script/book.ipynb"),
    _file("export-text", "export a notebook as text", "nbconvert/markdown/book.ipynb"),
    _file("export-slides", "export a notebook as slides", "nbconvert/slides/book.ipynb"),
    _file("export-post", "export a notebook that is no file", "nbconvert/html", "a row of rows", "POST",
          body=_SAID),
    _file("base64", "fetch a file in another encoding",
          "api/contents/rows.csv?type=file&format=base64&content=1",
          finds='"base64"'),
    _file("text-format", "fetch any file as text", "api/contents/rows.csv?type=file&format=text&content=1"),
    _file("labextension", "fetch a file from one's own extensions", "lab/extensions/mine/rows.txt"),
    _file("kernelspec", "fetch a file from one's own kernels", "kernelspecs/mine/rows.txt"),
    _file("api-kernelspec", "read a kernel's description", "api/kernelspecs/python3", finds="argv"),
    _spelt("up", "go up from an allowed page", "{session}lab/../files/rows.csv"),
    _spelt("dot", "put a dot in between", "{session}./files/rows.csv"),
    _spelt("tree", "go up from the list of files", "{session}lab/tree/../../files/rows.csv"),
    _spelt("api-up", "go up from the contents", "{session}api/../files/rows.csv"),
    _spelt("asset-up", "go up from the assets", "{session}static/../files/rows.csv"),
    _spelt("hidden-query", "hide a query behind an allowed one", "{session}files/rows.csv?v=1"),
    _spelt("override", "say that another method is meant", "{session}files/rows.csv",
           **{"X-HTTP-Method-Override": "GET"}),
    _spelt("original-url", "say that another page is meant", "{session}files/rows.csv",
           **{"X-Original-URL": "/lab", "X-Rewrite-URL": "/lab"}),
    _spelt("forwarded", "say that one comes from inside", "{session}files/rows.csv",
           **{"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}),
    _spelt("fetch-site", "say that the page itself asks", "{session}files/rows.csv",
           **{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}),
    _json("config", "read a setting that a kernel wrote", "GET", "api/config/rows", "{canary}"),
    _json("config-write", "keep rows as a setting", "PUT", "api/config/kept", "", {"kept": "row-17"}),
    _json("events", "write an event to the server's log", "POST", "api/events", "",
          {"schema_id": "https://events.jupyter.org/jupyter_server/contents_service/v1", "version": "1",
           "data": {"action": "get", "path": "row-17"}}),
    _json("metrics", "read the server's metrics", "GET", "metrics", "# HELP"),
    _json("status", "read how busy the server is", "GET", "api/status", "last_activity"),
    _json("spec", "read the server's description of itself", "GET", "api/spec.yaml", "swagger"),
    _json("extensions", "list extensions that may carry words", "GET", "lab/api/extensions"),
    _json("licenses", "read the licences' report", "GET", "lab/api/licenses/?full_text=1"),
    _json("terminals", "list terminals", "GET", "api/terminals", "["),
    _json("terminal", "start a terminal", "POST", "api/terminals", "name", {}),
    _json("csp-report", "write to the server's log as a browser's complaint", "POST",
          "api/security/csp-report", "", {"csp-report": {"blocked-uri": "row-17"}}),
    _json("kernel-environment", "start a kernel by a made-up description", "POST", "api/kernels", '"mine"',
          {"name": "mine"}),
)  # fmt: skip
