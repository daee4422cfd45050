"""Families 4 and 5: what a cell's output, or the person, could have the browser do with what it shows."""

from collections.abc import Callable, Mapping
from functools import partial

from lab.escape.attempt import Attempt, Page
from lab.escape.policy import allows, calls_out, disabled, feature, sandbox_allows, says

_CSP = "W3C, Content Security Policy Level 3"
_FETCH = "W3C, Permissions Policy; WHATWG, Fetch"
_LAB = "JupyterLab documentation, 'Disabling and locking extensions'"
_PAGES = (("session", "{session}lab"), ("hub", "/hub/home"))

Permits = Callable[[Mapping[str, str], str], bool]


def _policy(name: str, what: str, permits: Callable[[Mapping[str, str]], bool]) -> tuple[Attempt, ...]:
    """One attempt on the session's page, and one on the hub's."""
    return tuple(
        Attempt(f"page-{where}-{name}", 4, f"{what}, on the {where}'s page", _CSP, Page(path, _only(permits)))
        for where, path in _PAGES
    )


def _only(permits: Callable[[Mapping[str, str]], bool]) -> Permits:
    return lambda headers, _text: permits(headers)


def _one(name: str, what: str, permits: Permits, source: str = _CSP, family: int = 4) -> Attempt:
    return Attempt(f"page-{name}", family, what, source, Page("{session}lab", permits))


def _client(name: str, what: str, permits: Callable[[Mapping[str, str]], bool]) -> Attempt:
    return _one(name, what, _only(permits), _FETCH, family=5)


def _plugin(name: str, what: str) -> Attempt:
    short = name.rpartition("/")[2].replace(":", "-").replace("-extension", "")
    return _one(f"plugin-{short}", what, lambda _headers, text: name not in disabled(text), _LAB, family=5)


_OUT = {
    "img-src": "send a row in the address of a picture",
    "script-src": "send a row in the address of a script",
    "style-src": "send a row in the address of a style sheet",
    "font-src": "send a row in the address of a font",
    "connect-src": "send rows by fetch, beacon or websocket",
    "form-action": "send rows as a form",
    "frame-src": "send a row in the address of a frame",
    "media-src": "send a row in the address of a sound",
    "object-src": "send a row in the address of an embedded object",
    "worker-src": "send rows from a worker of another site",
    "manifest-src": "send a row in the address of a manifest",
}

ATTEMPTS = (
    *(
        attempt
        for directive, what in _OUT.items()
        for attempt in _policy(directive, what, partial(calls_out, directive=directive))
    ),
    *_policy("base", "lead every address of the page elsewhere", partial(calls_out, directive="base-uri")),
    *_policy("referrer", "tell another site the page's address",
             lambda headers: not says(headers, "referrer-policy", "no-referrer", "same-origin")),
    Attempt("page-hub-sniffed", 4, "have a file of rows run as a script", _FETCH, Page("/hub/home",
            lambda headers, _: not says(headers, "x-content-type-options", "nosniff"))),
    _one("inline-script", "run a script that stands in an output",
         lambda headers, _: allows(headers, "script-src", "'unsafe-inline'")),
    _one("data-frame", "show a page that is made of its own address",
         lambda headers, _: allows(headers, "frame-src", "data:")),
    _one("popup", "open a window whose address has rows in it",
         lambda headers, _: sandbox_allows(headers, "allow-popups")),
    _one("download", "save rows as a download of data: or blob:",
         lambda headers, _: sandbox_allows(headers, "allow-downloads")),
    _one("print", "print the page from a script",
         lambda headers, _: sandbox_allows(headers, "allow-modals")),
    _one("opener", "keep a hold of a window of another site",
         lambda headers, _: not says(headers, "cross-origin-opener-policy", "same-origin")),
    _one("embedded", "have another site embed what the session answers",
         lambda headers, _: not says(headers, "cross-origin-resource-policy", "same-origin")),
    _one("prefetch", "have the browser look up a name that carries a row",
         lambda headers, _: not says(headers, "x-dns-prefetch-control", "off"),
         "MDN, X-DNS-Prefetch-Control"),
    _client("cache", "find the page in the browser's cache on disk",
            lambda headers: "no-store" not in headers.get("cache-control", "")),
    *(_client(f"feature-{name}", f"use the {what}", partial(feature, name=name)) for name, what in (
        ("camera", "camera"), ("microphone", "microphone"), ("geolocation", "place"),
        ("display-capture", "picture of the screen"), ("usb", "devices that are plugged in"))),
    *(_plugin(name, what) for name, what in (
        ("@jupyterlab/docmanager-extension:download", "download a document from the menu"),
        ("@jupyterlab/docmanager-extension:open-browser-tab", "open a document as a page of its own"),
        ("@jupyterlab/filebrowser-extension:download", "download a file from the list"),
        ("@jupyterlab/filebrowser-extension:share-file", "copy a link to a file"),
        ("@jupyterlab/notebook-extension:export", "export a notebook from the menu"),
        ("@jupyterlab/notebook-extension:copy-output", "copy an output from the menu"),
        ("@jupyterlab/apputils-extension:print", "print from the menu"),
        ("@jupyterlab/apputils-extension:announcements", "ask another site for news"),
        ("@jupyterlab/extensionmanager-extension", "install an extension that calls out"),
        ("@jupyterlab/htmlviewer-extension", "show a page that has scripts of its own"),
        ("@jupyterlab/lsp-extension", "send what is typed to a language server"),
        ("@jupyterlab/terminal-extension", "open a terminal from the menu"))),
)  # fmt: skip
