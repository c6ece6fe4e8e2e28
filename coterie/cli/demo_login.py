"""The login of the demo workspace, kept in a file that only the operator can read."""

import json
import os
import secrets
from pathlib import Path

from django.conf import settings

from coterie.accounts.models import Member, Role, User, Workspace

EMAIL = "ines@fernhill.example"
WORKSPACE = "Fernhill Coffee"


def demo_login() -> dict[str, str] | None:
    """E-mail address and password, as long as the demo was loaded and the login exists."""
    try:
        login = json.loads(_path().read_text(encoding="utf-8"))
        known = {"email": str(login["email"]), "password": str(login["password"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return known if User.objects.filter(email=known["email"]).exists() else None


def make_demo_login(workspace: Workspace) -> dict[str, str]:
    """The login, made when it is not there."""
    if login := demo_login():
        return login
    password = secrets.token_urlsafe(12)
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL)
    user.first_name, user.last_name = "Ines", "Fernhill"
    user.set_password(password)
    user.save()
    Member.objects.get_or_create(workspace=workspace, user=user, defaults={"role": Role.OWNER})
    login = {"email": EMAIL, "password": password}
    path = _path()
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(login, file)
    return login


def _path() -> Path:
    return Path(settings.DATA) / "demo-login.json"
