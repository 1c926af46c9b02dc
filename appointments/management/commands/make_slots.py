"""`manage.py make_slots`: slots of the coming weeks, as the nightly task makes them."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appointments.calendar.horizon import last_day_of, posts_in_service
from appointments.calendar.making import SlotChanges, make_slots_of_post, preview_slots
from appointments.domain.calendar.zones import local_of
from appointments.models import Post, Service


class Command(BaseCommand):
    """Bring slots in line with hours, breaks, closures and holidays."""

    help = (
        "Bring the slots of open services in line with opening hours, breaks, closures and public holidays, up to the "
        "horizon of their policies. Slots that were shown to somebody are never touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which posts, how far, and whether to write."""
        parser.add_argument("posts", nargs="*", metavar="POST", help="keys of posts; without any: all that are open")
        parser.add_argument("--days", type=int, help="so many days from today, instead of the policies' horizon")
        parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and say in one line what was done."""
        now = timezone.now()
        for post in self._posts(options["posts"]):
            services = Service.objects.filter(post=post, is_open=True).values_list("pk", flat=True)
            today, _ = local_of(now, post.timezone)
            days = options["days"]
            last_day = last_day_of(post, today) if days is None else today + timedelta(days=days)
            act = preview_slots if options["dry_run"] else make_slots_of_post
            self.stdout.write(_line(post.key, act(post, today, last_day, now, services)))

    def _posts(self, keys: list[str]) -> list[Post]:
        if not keys:
            return list(Post.objects.filter(pk__in=posts_in_service()).order_by("key"))
        posts = list(Post.objects.filter(key__in=keys).order_by("key"))
        if missing := set(keys) - {post.key for post in posts}:
            raise CommandError(f"There is no post {', '.join(sorted(missing))}.")
        return posts


def _line(key: str, changes: SlotChanges) -> str:
    in_the_way = ", ".join(f"{count} {state}" for state, count in changes.in_the_way.items()) or "none"
    return (
        f"{key}: created {changes.created}, removed {changes.removed}, kept {changes.kept}, "
        f"blocked {changes.blocked}, in the way {in_the_way}"
    )
