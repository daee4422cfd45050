"""The checkers' pages: the queue, one submission on one screen, what was released."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from lab.base.errors import LabError, NotFound
from lab.registry import view as registry
from lab.registry.view import Person, Role
from outputs_check.review import reading
from outputs_check.review.ballots import Ballot, Choice
from outputs_check.review.deciding import close, vote
from outputs_check.review.reading import OutputView, QueueEntry, SubmissionView
from outputs_check.review.release import release
from outputs_check.review.station import Station
from outputs_check.review.transitions import State
from outputs_check.web.base import MOST_LISTED, Page, status_of
from outputs_check.web.grids import PICTURES, Content, content


class Home(Page):
    """The first page: the queue for those who check or administrate, their own work for researchers."""

    route = "home"

    async def get(self) -> None:
        """Send everybody to where she works."""
        first = "queue" if self.me.roles & {Role.CHECKER, Role.ADMIN} else "mine"
        self.redirect(self.url(first))


class Queue(Page):
    """What waits, the oldest first, sorted by who has to act."""

    route = "queue"

    async def get(self) -> None:
        """Show the queue."""
        listed = await self.off(reading.queue, self.site.station, self.me.username, most=MOST_LISTED)
        groups = await self.off(_grouped, self.site.station, self.me, listed.entries)
        await self.show("queue.html", title="Queue", groups=groups, listed=listed)


class Turn(StrEnum):
    """Whose turn a submission is, in the order in which a checker wants to see them."""

    YOURS = "Waiting for your votes"
    DIFFER = "Votes differ: talk, change yours, or decide"
    READY = "Ready to release"
    OTHERS = "Waiting for others"
    GATE = "At the gate"
    BARRED = "Of your own projects: others decide"


def _grouped(
    station: Station, viewer: Person, entries: Iterable[QueueEntry]
) -> list[tuple[Turn, list[QueueEntry]]]:
    groups: dict[Turn, list[QueueEntry]] = {}
    projects = {each.slug for each in registry.projects_of(station.db, viewer.username)}
    for entry in entries:
        groups.setdefault(_turn(entry, viewer, projects), []).append(entry)
    return [(turn, groups[turn]) for turn in Turn if turn in groups]


def _turn(entry: QueueEntry, viewer: Person, projects: Collection[str]) -> Turn:
    if entry.state in {State.SUBMITTED, State.CHECKING}:
        return Turn.GATE
    checks = Role.CHECKER in viewer.roles
    if checks and entry.project in projects:
        return Turn.BARRED
    if entry.state is State.APPROVED:
        return Turn.READY
    if checks and entry.complete:
        return Turn.DIFFER
    return Turn.YOURS if checks and entry.mine < entry.votable else Turn.OTHERS


class Submission(Page):
    """Everything a checker needs to decide, on one screen."""

    route = "submission"

    async def get(self, submission: str) -> None:
        """Show a submission."""
        await self.render_submission(submission)

    async def render_submission(
        self, submission: str, error: LabError | None = None, typed: dict[int, tuple[str, str]] | None = None
    ) -> None:
        """Answer with the submission; after an error, with what was typed still in its place."""
        view = await self.off(reading.submission, self.site.station, submission, self.me.username)
        contents = await self.off(_contents, self.site.station, view)
        if error is not None:
            self.set_status(status_of(error))
        await self.show(
            "submission.html",
            title=view.id,
            view=view,
            contents=contents,
            error=error,
            typed=typed or {each.number: _own_vote(each, self.me.username) for each in view.outputs},
            choices=Choice,
            open=view.state is State.IN_REVIEW,
            releasable=view.state is State.APPROVED,
        )


def _contents(station: Station, view: SubmissionView) -> dict[int, Content]:
    return {output.number: content(station.shelf, output) for output in view.outputs}


def _own_vote(output: OutputView, username: str) -> tuple[str, str]:
    own = next((each for each in output.votes if each.voter == username), None)
    return (own.choice.value, own.comment) if own else ("", "")


class Vote(Submission):
    """The form with the votes on all outputs of a submission."""

    route = "vote"

    async def post(self, submission: str) -> None:
        """Cast the votes that were filled in or changed: all of them are well formed, or none is cast."""
        view = await self.off(reading.submission, self.site.station, submission, self.me.username)
        typed = {each.number: self._typed(each.number) for each in view.outputs}
        try:
            ballots = [
                (each, self.get_body_argument(f"binding-{each.number}", ""), self._ballot(each))
                for each in view.outputs
                if typed[each.number][0] and typed[each.number] != _own_vote(each, self.me.username)
            ]
            for output, seen, ballot in ballots:
                await self.off(vote, self.site.station, submission, output.file, ballot, seen=seen)
        except LabError as error:
            await self.render_submission(submission, error, typed)
            return
        self.redirect(self.url(f"submissions/{submission}"), status=HTTPStatus.SEE_OTHER)

    def _typed(self, number: int) -> tuple[str, str]:
        comment = self.get_body_argument(f"comment-{number}", "")
        return self.get_body_argument(f"choice-{number}", ""), comment.strip()[:4000]

    def _ballot(self, output: OutputView) -> Ballot:
        choice, comment = self._typed(output.number)
        if choice not in set(Choice):
            raise NotFound("no such choice", where=output.file)
        return Ballot(self.me.username, Choice(choice), comment)


class Decide(Submission):
    """The button that closes a disagreement."""

    route = "decide"

    async def post(self, submission: str) -> None:
        """Let the strictest vote on each output stand."""
        await self.act(submission, close)

    async def act(self, submission: str, step: Any) -> None:
        """Take a step and show where the submission stands."""
        try:
            await self.off(step, self.site.station, submission, self.me.username)
        except LabError as error:
            await self.render_submission(submission, error)
            return
        self.redirect(self.url(f"submissions/{submission}"), status=HTTPStatus.SEE_OTHER)


class Release(Decide):
    """The button that lets out what was approved."""

    route = "release"

    async def post(self, submission: str) -> None:
        """Release, all or nothing."""
        await self.act(submission, release)


class Picture(Page):
    """A picture from the gate's own bytes: what would leave."""

    route = "picture"

    async def get(self, submission: str, number: str) -> None:
        """Send the picture."""
        output = await self.pictured(submission, number)
        await self.send(output, output.canonical)

    async def pictured(self, submission: str, number: str) -> OutputView:
        """The output, where it is a picture that may leave."""
        view = await self.off(reading.submission, self.site.station, submission, self.me.username)
        output = view.output(int(number))
        if output.media_type not in PICTURES or not output.canonical:
            raise NotFound("there is no picture to show", where=output.file)
        return output

    async def send(self, output: OutputView, digest: str) -> None:
        """Answer with kept bytes."""
        self.set_header("Content-Type", output.media_type)
        self.finish(await self.off(self.site.station.shelf.get, digest))


class Upload(Picture):
    """The picture as it was submitted, encoded anew from its pixels: to compare, never to release."""

    route = "upload"

    async def get(self, submission: str, number: str) -> None:
        """Send the picture."""
        output = await self.pictured(submission, number)
        if not output.submitted:
            raise NotFound("the upload was not kept", where=output.file)
        await self.send(output, output.submitted)


class Releases(Page):
    """What left, the newest first."""

    route = "releases"

    async def get(self) -> None:
        """Show the releases."""
        listed = await self.off(reading.releases, self.site.station, most=MOST_LISTED)
        await self.show("releases.html", title="Releases", listed=listed)
