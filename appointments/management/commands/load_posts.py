"""`manage.py load_posts`: posts, services, counters and hours from the project's data."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from appointments.calendar.loading import load_posts
from appointments.calendar.public_holidays import refresh_holidays


class Command(BaseCommand):
    """Create what does not exist; leave what does."""

    help = (
        "Create posts, categories, services, counters, opening hours, public holidays and first policies from the "
        "project's data. What exists is left as it is. Services come closed: open them in the admin once their post "
        "has confirmed what is marked as to be confirmed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and say in one line what was done."""
        now = timezone.now()
        loaded = load_posts(now.date(), now)
        holidays = refresh_holidays(range(now.year, now.year + 3), now.date())
        self.stdout.write(
            f"posts {loaded.posts}, categories {loaded.categories}, services {loaded.services}, "
            f"counters {loaded.counters}, opening hours {loaded.hours}, policies {loaded.policies}, "
            f"public holidays {holidays.added}"
        )
