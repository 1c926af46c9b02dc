"""A small mail server that keeps a book of what it accepted: `python -m bench.chaos.letterbox FOLDER PORT`.

The file `mood` in FOLDER tells how it behaves: `ok`; `hang` (takes the connection and says nothing); `drop` (hangs up
at the data); `swallow` (accepts the letter, writes it down, and hangs up before it says so: the sender cannot know).
Letters are kept as FOLDER/<local part of the address>/mailbox/<number>.eml, the book is FOLDER/accepted.jsonl.
"""

import asyncio
import json
import re
import sys
import time
from email import message_from_bytes, policy
from pathlib import Path

HANG_SECONDS = 60.0


class Letterbox:
    """One server and its book."""

    def __init__(self, folder: Path) -> None:
        """Keep everything in `folder`."""
        self.folder = folder
        self.number = 0

    @property
    def mood(self) -> str:
        """How to behave at this moment."""
        path = self.folder / "mood"
        return path.read_text().strip() if path.exists() else "ok"

    def accept(self, recipient: str, raw: bytes, mood: str) -> None:
        """Write it down, before the sender is told."""
        self.number += 1
        letter = message_from_bytes(raw, policy=policy.default)
        box = self.folder / re.sub(r"[^a-z0-9]", "", recipient.partition("@")[0].lower()) / "mailbox"
        box.mkdir(parents=True, exist_ok=True)
        half = box.parent / "half"
        half.write_bytes(raw)
        half.replace(box / f"{self.number:06}.eml")
        entry = {
            "id": str(letter["Message-ID"]).strip(),
            "to": recipient,
            "at": time.monotonic(),
            "told": mood != "swallow",
        }
        with (self.folder / "accepted.jsonl").open("a") as book:
            book.write(json.dumps(entry) + "\n")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        if self.mood == "hang":
            await asyncio.sleep(HANG_SECONDS)
            return
        say("220 letterbox")
        recipient = ""
        while line := await reader.readline():
            word = line.strip().upper().partition(b" ")[0]
            if word in {b"EHLO", b"HELO", b"MAIL", b"RSET", b"NOOP"}:
                say("250 letterbox")
            elif word == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
                say("250 ok")
            elif word == b"QUIT":
                say("221 bye")
                return
            elif word == b"DATA":
                say("354 go on")
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-5].replace(b"\r\n..", b"\r\n.")
                mood = self.mood
                if mood == "hang":
                    await asyncio.sleep(HANG_SECONDS)
                if mood in {"hang", "drop"}:
                    return
                self.accept(recipient, raw, mood)
                if mood == "swallow":
                    return
                say("250 kept")
            else:
                say("502 what?")
            await writer.drain()


async def main(folder: Path, port: int) -> None:
    """Serve until killed."""
    box = Letterbox(folder)
    server = await asyncio.start_server(box.serve, "127.0.0.1", port, limit=8 << 20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
