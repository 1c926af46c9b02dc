"""Staff of the demonstration: one person per role, with passwords that this machine made."""

import json
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import PostScope, Role, User

POST = "dz-alg"
PEOPLE = (
    ("agent", Role.AGENT, (POST,)),
    ("officer", Role.OFFICER, (POST,)),
    ("head", Role.HEAD, (POST,)),
    ("centre", Role.CENTRE, ()),
    ("auditor", Role.AUDITOR, ()),
)


def build(now: datetime, say: Callable[[str], Any]) -> None:
    """Make the staff that is missing and say how to get in. Passwords are kept in DATA_DIR for the owner alone."""
    made: dict[str, str] = {}
    with transaction.atomic():
        for name, role, posts in PEOPLE:
            if User.objects.filter(username=name).exists():
                continue
            made[name] = secrets.token_urlsafe(12)
            user = User.objects.create_user(name, f"{name}@staff.example.org", made[name], role=role, is_staff=True)
            PostScope.objects.bulk_create(PostScope(user=user, post_key=key) for key in posts)
    if not made:
        return
    kept = _keep(made)
    say("\nStaff of the demonstration (address /admin/), name and password:")
    for name, password in made.items():
        say(f"  {name:8} {password}")
    say("At the first sign-in a page shows a QR code and a key for an authenticator app on a phone (TOTP).")
    say("Without a phone: `python3 dev.py manage authenticator KEY` prints the six digits for the key on that page.")
    say(f"The passwords are also in {kept}.\n")


def _keep(made: dict[str, str]) -> Path:
    """Write the passwords into a file that only its owner reads; those of an earlier run stay."""
    folder = Path(os.environ.get("DATA_DIR", settings.BASE_DIR / ".data"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "demo-staff.json"
    earlier = json.loads(path.read_text()) if path.exists() else {}
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(earlier | made, stream, indent=1)
    half.replace(path)
    return path
