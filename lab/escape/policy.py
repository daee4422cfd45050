"""What a page's headers and settings let it do, as a browser reads them."""

import re
from collections.abc import Mapping

_CSP = "content-security-policy"
# https://www.w3.org/TR/CSP3/#directive-fallback-list, as far as pages of ours go.
_FALLBACK = {
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "frame-src": ("child-src", "default-src"),
    "worker-src": ("child-src", "script-src", "default-src"),
}
_ALONE = {"form-action", "frame-ancestors", "base-uri", "sandbox"}  # these fall back on nothing
_ANYWHERE = {"*", "https:", "http:", "ws:", "wss:"}


def sources(headers: Mapping[str, str], directive: str) -> set[str] | None:
    """Return what a directive of the policy allows; None where the policy says nothing about it."""
    policy: dict[str, set[str]] = {}
    for part in headers.get(_CSP, "").split(";"):
        name, *values = part.split() or [""]
        policy.setdefault(name.lower(), set(values))
    names = (directive, *(() if directive in _ALONE else _FALLBACK.get(directive, ("default-src",))))
    return next((policy[name] for name in names if name in policy), None)


def calls_out(headers: Mapping[str, str], directive: str) -> bool:
    """Return whether a page may load or send something of this kind elsewhere."""
    found = sources(headers, directive)
    return found is None or any(
        source in _ANYWHERE or ("." in source and not source.startswith("'")) for source in found
    )


def allows(headers: Mapping[str, str], directive: str, source: str) -> bool:
    """Return whether a page may use such a source, such as 'unsafe-inline' or data:."""
    found = sources(headers, directive)
    return found is None or source in found


def sandbox_allows(headers: Mapping[str, str], word: str) -> bool:
    """Return whether a page may do what its sandbox could forbid."""
    found = sources(headers, "sandbox")
    return found is None or word in found


def feature(headers: Mapping[str, str], name: str) -> bool:
    """Return whether a page may use a feature of the browser."""
    policy = headers.get("permissions-policy", "")
    return f"{name}=()" not in policy.replace(" ", "")


def says(headers: Mapping[str, str], name: str, *values: str) -> bool:
    """Return whether a header has one of these values."""
    return headers.get(name, "").lower() in values


def disabled(page: str) -> set[str]:
    """Return the plugins that JupyterLab's page says are switched off."""
    found = re.search(r'"disabledExtensions": *\[(.*?)\]', page, re.DOTALL)
    return set(re.findall(r'"(.*?)"', found.group(1))) if found else set()
