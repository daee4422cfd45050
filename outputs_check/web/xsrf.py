"""Proof that a form was ours: a token made from the login and a secret of the server.

A signed double-submit token (OWASP, Cross-Site Request Forgery Prevention): bound to the login, so that
no other page, and no other person's page, on the same host can make one or set a cookie in its place.
"""

import hmac
import secrets


def make_token(secret: bytes, session_key: bytes) -> str:
    """Return a token for a form; another one each time, so that compression tells nothing about it."""
    nonce = secrets.token_hex(16)
    return f"{nonce}-{_mark(secret, session_key, nonce)}"


def is_valid(secret: bytes, session_key: bytes, token: str) -> bool:
    """Return whether a token was made by us for this login. Without a login none is."""
    nonce, _, mark = token.partition("-")
    expected = _mark(secret, session_key, nonce)
    return bool(session_key) and hmac.compare_digest(mark.encode(), expected.encode())


def _mark(secret: bytes, session_key: bytes, nonce: str) -> str:
    return hmac.digest(secret, nonce.encode() + b"\0" + session_key, "sha256").hex()
