"""The researchers' pages: their projects' submissions, what was found, what was released."""

from http import HTTPStatus

from tornado.escape import url_escape

from lab.base.errors import NotFound
from lab.registry import view as registry
from lab.registry.view import Role
from outputs_check.parsers.kinds import released_name
from outputs_check.review import reading
from outputs_check.review.ballots import Choice
from outputs_check.review.deciding import withdraw
from outputs_check.review.reading import SubmissionView
from outputs_check.review.transitions import Action, State, actions
from outputs_check.web.base import MOST_LISTED, Page


class Mine(Page):
    """The submissions of a researcher's projects."""

    route = "mine"

    async def get(self) -> None:
        """Show them, the newest first."""
        station, name = self.site.station, self.me.username
        projects = await self.off(registry.projects_of, station.db, name)
        slugs = frozenset(each.slug for each in projects)
        listed = await self.off(reading.submissions_of, station, slugs, name, most=MOST_LISTED)
        await self.show("mine.html", title="My submissions", listed=listed)


class OfProject(Page):
    """A page about one submission, for the members of its project."""

    async def view(self, submission: str) -> SubmissionView:
        """Return the submission; to everybody else it does not exist.

        Raises:
            NotFound: there is none, or it is of another project.
        """
        view = await self.off(reading.submission, self.site.station, submission, self.me.username)
        checks = self.route == "released" and Role.CHECKER in self.me.roles
        member = await self.off(registry.is_member, self.site.station.db, view.project, self.me.username)
        if not (member or checks):
            raise NotFound("no such submission", where=submission)
        return view


class Own(OfProject):
    """One submission with its findings, and what to do next."""

    route = "own"

    async def get(self, submission: str) -> None:
        """Show it."""
        view = await self.view(submission)
        mine = view.submitted_by == self.me.username
        withdrawable = mine and Action.WITHDRAW in actions(view.state) and not view.releasing
        released = view.state is State.RELEASED
        await self.show("own.html", title=view.id, view=view, withdrawable=withdrawable, released=released)


class Withdraw(OfProject):
    """The button that takes a submission back."""

    route = "withdraw"

    async def post(self, submission: str) -> None:
        """Take it back."""
        await self.view(submission)
        await self.off(withdraw, self.site.station, submission, self.me.username)
        self.redirect(self.url(f"mine/{submission}"), status=HTTPStatus.SEE_OTHER)


class Released(OfProject):
    """A released file: the gate's own bytes, for the project and for those who let them out."""

    route = "released"

    async def get(self, submission: str, number: str) -> None:
        """Send the file."""
        view = await self.view(submission)
        output = view.output(int(number))
        if view.state is not State.RELEASED or output.outcome != Choice.APPROVE:
            raise NotFound("that was not released", where=output.file)
        name = url_escape(released_name(output.file.rpartition("/")[2]), plus=False)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
        self.finish(await self.off(self.site.station.shelf.get, output.canonical))
