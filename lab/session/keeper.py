"""The line to the session's keeper: one request, one answer."""

import json
import socket
from pathlib import Path
from typing import Any

from lab.base.errors import LabError, NotFound
from lab.base.room import KEEPER, LONGEST_ANSWER, LONGEST_REQUEST

_SECONDS = 120.0


class Refused(LabError):
    """The keeper did not do what was asked; it says why."""


def ask(request: dict[str, Any], keeper: Path = KEEPER) -> dict[str, Any]:
    """Send a request to the keeper and return what it answers.

    Raises:
        NotFound: there is no keeper, so this is no session.
        Refused: with the keeper's own words.
    """
    line = json.dumps(request).encode() + b"\n"
    if len(line) > LONGEST_REQUEST:
        raise Refused("the request is too long", remedy="submit fewer files at once")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(str(keeper))
            connection.sendall(line)
            with connection.makefile("rb") as stream:
                answer = stream.readline(LONGEST_ANSWER)
        except TimeoutError as error:
            raise Refused("the keeper of this session did not answer", remedy="try again") from error
        except OSError as error:
            raise NotFound(
                "there is no keeper here", where=str(keeper), remedy="use this in a session of a project"
            ) from error
    if not answer.endswith(b"\n"):
        raise Refused("the keeper of this session broke off", remedy="try again, or restart the session")
    told: dict[str, Any] = json.loads(answer)
    if not told.get("ok"):
        raise Refused(str(told.get("error", "the keeper refused")))
    return told
