"""A small disk of its own, so that "full" is what the kernel says and nothing else of the machine suffers."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Volume:
    """A folder on a disk that `fill` can fill; `kind` says what it is."""

    folder: Path
    kind: str

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self) -> int:
        """Take what is left, so that the next write of anybody fails with ENOSPC; returns the bytes taken."""
        if self.kind == "none":
            return 0
        with self._filler.open("ab", buffering=0) as stream:
            for size in (1 << 24, 1 << 16, 1 << 12):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(stream.fileno(), os.fstat(stream.fileno()).st_size, size)
            with suppress(OSError):
                while True:
                    stream.write(b"\0" * 512)
            return os.fstat(stream.fileno()).st_size

    def free(self) -> None:
        """Give it back."""
        self._filler.unlink(missing_ok=True)


def _mounted(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def small_volume(base: Path, megabytes: int) -> Iterator[Volume]:
    """A disk of that size in `base`: ext4 in a file, else memory; without the right to mount, a folder of kind none."""
    folder, image = base / "disk", base / "disk.img"
    folder.mkdir()
    kind = "none"
    if os.geteuid() == 0:
        with image.open("wb") as stream:
            stream.truncate(megabytes << 20)
        if _mounted(["mkfs.ext4", "-q", "-m", "0", image]) and _mounted(["mount", "-o", "loop", image, folder]):
            kind = "ext4"
        elif _mounted(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]):
            kind = "tmpfs"
    folder.chmod(0o711)
    try:
        yield Volume(folder, kind)
    finally:
        if kind != "none":
            subprocess.run(["umount", "--lazy", folder], capture_output=True, check=False)
