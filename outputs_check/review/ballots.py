"""How votes become a decision. Pure: values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.base.errors import BadInput
from outputs_check.review.transitions import Action


class Choice(StrEnum):
    """What a checker can say of an output."""

    APPROVE = "approve"
    CHANGES = "changes"
    REJECT = "reject"

    @property
    def strictness(self) -> int:
        """Return how strict it is, 0 for approval."""
        return list(Choice).index(self)


@dataclass(frozen=True)
class Ballot:
    """One checker's choice on one output; what is not an approval says why.

    Raises:
        BadInput: a rejection, or a wish for changes, without a comment.
    """

    voter: str
    choice: Choice
    comment: str = ""

    def __post_init__(self) -> None:
        if self.choice is not Choice.APPROVE and not self.comment.strip():
            raise BadInput(
                f"'{self.choice}' needs a comment",
                remedy="tell the researcher what is wrong and what would help",
            )


Ballots = Mapping[str, Sequence[Ballot]]  # by file


def all_in(ballots: Ballots, checkers: int) -> bool:
    """Return whether every output has the votes of enough people. Until then the turn is blind."""
    return bool(ballots) and all(len({one.voter for one in cast}) >= checkers for cast in ballots.values())


def agreed(ballots: Ballots) -> bool:
    """Return whether nobody disagrees with anybody, on any output."""
    return all(len({one.choice for one in cast}) == 1 for cast in ballots.values())


def decide(ballots: Ballots, checkers: int, *, close: bool = False) -> dict[str, Choice] | None:
    """Return what was decided on each output, or None while it is open.

    A decision falls by itself when all votes are in and agree. Where they differ the checkers now see
    each other's votes and may change them; `close` ends that, and the strictest vote stands. So an
    output is approved only if enough people approved of it and nobody did not.
    """
    if not all_in(ballots, checkers) or not (close or agreed(ballots)):
        return None
    return {
        file: max((one.choice for one in cast), key=lambda choice: choice.strictness)
        for file, cast in ballots.items()
    }


def outcome(choices: Mapping[str, Choice]) -> Action:
    """Return what the decisions on its outputs do to the submission: what was approved can go out."""
    if Choice.APPROVE in choices.values():
        return Action.APPROVE
    return Action.ASK_CHANGES if Choice.CHANGES in choices.values() else Action.REJECT
