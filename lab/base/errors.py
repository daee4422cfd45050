"""Errors a person can act on: what is wrong, where, and what to do, in one line."""


class LabError(Exception):
    """An error for people. `str()` is one line: what (where): remedy."""

    exit_status = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = (" ".join(part.split()) for part in (what, where, remedy))
        place = f" ({self.where})" if self.where else ""
        advice = f": {self.remedy}" if self.remedy else ""
        super().__init__(f"{self.what}{place}{advice}")


class BadInput(LabError):
    """A file, a value or a declaration that is not what it has to be."""


class NotFound(LabError):
    """Something named does not exist."""


class NotPermitted(LabError):
    """The person may not do this, now."""


class IsolationRefused(LabError):
    """A promised isolation cannot be had here, so nothing is started."""


class Tampered(LabError):
    """Bytes are not those that were signed, hashed or chained."""
