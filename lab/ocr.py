"""How many of our pictures does off-the-shelf OCR read? Plain reading, no training, no search over preprocessings.

Runs without the application, in an environment of its own (`lab/requirements.in`, and Debian's `tesseract-ocr`):

    python lab/ocr.py [--pictures=1000] [--sheet=FILE.png]

`--sheet` writes twenty ordinary and twenty harder pictures for people to look at, with the letters in FILE.png.txt.
"""

from __future__ import annotations

import importlib.util
import io
import json
import math
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from antibot.domain import picture  # noqa: E402
from antibot.domain.stream import Stream  # noqa: E402

Reader = Callable[[list[bytes]], list[str]]
BATCH = 100  # pictures that an engine is given at once


def font() -> str:
    """The typeface that comes with django-simple-captcha."""
    found = importlib.util.find_spec("captcha")
    if found is None or found.origin is None:
        raise SystemExit("django-simple-captcha is not installed here: its typeface is needed.")
    return str(Path(found.origin).parent / "fonts" / "Vera.ttf")


def draw(*, hard: bool) -> tuple[str, bytes]:
    """One picture with its letters."""
    text = "".join(secrets.choice(picture.LETTERS) for _ in range(picture.LENGTH))
    return text, picture.draw(text, Stream(secrets.token_bytes(32), "x"), font(), hard=hard)


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, hits / tries
    middle = (share + z * z / (2 * tries)) / (1 + z * z / tries)
    half = z * math.sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries)) / (1 + z * z / tries)
    return max(0.0, middle - half), min(1.0, middle + half)


def readers() -> dict[str, Reader]:
    """The engines that are installed here."""
    found: dict[str, Reader] = {}
    if importlib.util.find_spec("ddddocr"):
        import ddddocr  # type: ignore[import-not-found]  # only in an environment of its own

        for name, beta in (("ddddocr", False), ("ddddocr beta", True)):
            engine = ddddocr.DdddOcr(show_ad=False, beta=beta)
            engine.set_ranges("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
            found[name] = partial(_one_by_one, engine.classification)
    if shutil.which("tesseract"):
        found["tesseract"] = _tesseract
    return found


def _one_by_one(read: Callable[[bytes], object], pngs: list[bytes]) -> list[str]:
    return [str(read(png)) for png in pngs]


def _tesseract(pngs: list[bytes]) -> list[str]:
    """One process for the whole batch: its start takes longer than a picture. Pages end with a form feed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(len(pngs))]
        for path, png in zip(paths, pngs, strict=True):
            path.write_bytes(png)
        names = Path(folder) / "names.txt"
        names.write_text("\n".join(map(str, paths)) + "\n")
        command = ["tesseract", str(names), "stdout", "--psm", "8", "-c", f"tessedit_char_whitelist={picture.LETTERS}"]
        one = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # its threads wait for each other on pictures as small as these
        said = subprocess.run(command, capture_output=True, check=True, env=one).stdout.decode()
    return said.split("\f")[: len(pngs)]


def measure(count: int) -> list[dict[str, object]]:
    """Read `count` pictures of each form with each engine."""
    rows: list[dict[str, object]] = []
    for name, read in readers().items():
        for hard in (False, True):
            hits = letters = 0
            for first in range(0, count, BATCH):
                drawn = [draw(hard=hard) for _ in range(min(BATCH, count - first))]
                for (text, _), answer in zip(drawn, read([png for _, png in drawn]), strict=True):
                    said = "".join(sign for sign in answer.upper() if sign.isalpha())
                    hits += said == text
                    letters += sum(a == b for a, b in zip(said, text, strict=False))
            low, high = wilson(hits, count)
            form = "harder" if hard else "ordinary"
            share = letters / (count * picture.LENGTH)
            print(
                f"{name:<14}{form:<10}{hits / count:7.1%}  [{low:.1%}, {high:.1%}]  letters in place {share:.0%}",
                flush=True,
            )
            rows.append({"engine": name, "form": form, "pictures": count, "read": hits, "interval": [low, high]})
    return rows


def sheet(path: Path) -> None:
    """Forty pictures for people, and their letters beside them in another file."""
    from PIL import Image

    gap, columns = 10, 4
    page = Image.new("L", ((picture.WIDTH + gap) * columns, (picture.HEIGHT + gap) * 10), 128)
    texts = []
    for index in range(40):
        text, png = draw(hard=index >= 20)
        place = ((index % columns) * (picture.WIDTH + gap), (index // columns) * (picture.HEIGHT + gap))
        page.paste(Image.open(io.BytesIO(png)), place)
        texts.append(text)
    page.save(path)
    path.with_name(path.name + ".txt").write_text("\n".join(" ".join(texts[n : n + 4]) for n in range(0, 40, 4)) + "\n")


def main(arguments: list[str]) -> int:
    """Measure, or draw a sheet."""
    options = dict(argument.removeprefix("--").partition("=")[::2] for argument in arguments)
    if not options.keys() <= {"pictures", "sheet"}:
        print(__doc__, file=sys.stderr)
        return 2
    if "sheet" in options:
        sheet(Path(options["sheet"]))
        return 0
    if not readers():
        print("No OCR engine is installed here: see lab/requirements.in.", file=sys.stderr)
        return 1
    rows = measure(int(options.get("pictures", "1000")))
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "ocr.json").write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
