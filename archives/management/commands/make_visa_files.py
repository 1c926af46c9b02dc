"""Synthetic visa files for tests, demo and measurements."""

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from appointments.models import Post
from archives.actions.add_files import add_files
from archives.dating import erasure_day
from archives.models import VisaFile
from archives.synthetic import make_files

CHUNK = 500


class Command(BaseCommand):
    """`manage.py make_visa_files N [--seed S] [--post KEY …]`."""

    help = "Adds N made-up visa files; the same seed gives the same files."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many, and of which posts."""
        parser.add_argument("count", type=int)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--post", action="append", metavar="KEY", help="post key; default: every post")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Add them in chunks."""
        now = timezone.now()
        posts = options["post"] or list(Post.objects.order_by("key").values_list("key", flat=True))
        if not posts:
            raise CommandError("There is no post yet: name one with --post.")
        made = make_files(options["count"], options["seed"], posts, erasure_day(now), start=VisaFile.objects.count())
        while chunk := list(islice(made, CHUNK)):
            add_files(chunk, now)
        self.stdout.write(f"{options['count']} files added.")
