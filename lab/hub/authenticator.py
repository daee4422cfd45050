"""Login with the lab's own accounts. SATRE 1.5.06."""

import asyncio
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Instance

from lab.base.settings import Settings
from lab.registry.view import Person, person, verify_password


class RegistryAuthenticator(Authenticator):  # type: ignore[misc]
    """Lets in who has an account in the registry; roles there are groups here.

    Nobody is an admin of JupyterHub: that would open every session and every account at once.
    """

    settings = Instance(Settings).tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """Return the person whose name and password these are, or None."""
        return await asyncio.to_thread(self._check, data.get("username", ""), data.get("password", ""))

    def _check(self, username: str, password: str) -> dict[str, Any] | None:
        db = self.settings.database()
        good, found = verify_password(db, username, password), person(db, username)
        if found is None:
            return None  # and nothing in the log: a stranger must not fill it
        with db.write(actor=username, via="hub") as unit:
            unit.record("person.logged_in" if good else "person.login_refused", subject=username)
        return _known(found) if good else None

    async def refresh_user(self, user: Any, handler: Any = None, **_options: Any) -> bool | dict[str, Any]:
        """Ask the registry again: who is gone there is logged out, roles are as they are now."""
        found = await asyncio.to_thread(person, self.settings.database(), user.name)
        if found is None:
            return False
        return {**_known(found), "auth_state": None}


def _known(found: Person) -> dict[str, Any]:
    return {"name": found.username, "admin": False, "groups": [role.value for role in found.roles]}
