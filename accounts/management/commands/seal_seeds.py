"""`manage.py seal_seeds`: when every node runs this release, seeds of authenticator apps go under the vault's keys."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.authenticators import begin_sealing


class Command(BaseCommand):
    """Before it, nodes of the release before this one take everybody's codes; after it they take none."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, and say how many."""
        self.stdout.write(f"{begin_sealing()} seeds sealed. New ones are sealed at once from now on.")
