"""Writing the next version of something that a service has in versions: its policy of releases, its terms."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import pgtrigger
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from psycopg2.errors import UniqueViolation

from accounts.unused import keeps_names
from appointments.models import ReleasePolicy, Service, ServiceTerms
from appointments.models.posts import TERMS

Row = TypeVar("Row", bound=models.Model)


class VersionRefusedError(Exception):
    """Values that cannot work, or that were written on top of another version; `sentences` say why."""

    def __init__(self, sentences: list[str]) -> None:
        """One sentence a reason, in the reader's language."""
        super().__init__("; ".join(sentences))
        self.sentences = sentences


@contextmanager
def one_at_a_time(service: Service) -> Iterator[None]:
    """A transaction in which nobody else decides about this service, and the service as it stands then.

    Its policy and its terms are checked against one another: saved side by side, each could pass against what the other
    replaces, and no release would be large enough for a family. Bookings do not wait: they need the row
    to be there and nothing else of it.
    """
    with transaction.atomic():
        Service.objects.select_for_update(no_key=True).only("pk").get(pk=service.pk)
        service.refresh_from_db(fields=TERMS)
        yield


def write_next(
    model: type[Row],
    service: Service,
    values: Mapping[str, Any],
    fields: Sequence[str],
    *,
    author: str,
    reason: str,
    based_on: int,
    now: datetime,
) -> Row:
    """Write the version after `based_on`, the one that the person had before their eyes (0: there was none).

    Raises:
        VersionRefusedError: somebody else has saved one in the meantime, or the table does not take these values: those
            of an earlier version may be from before a limit.
    """
    meanwhile = _("Somebody saved another version in the meantime. Look at it, then decide again.")
    newest = model._default_manager.filter(service=service).aggregate(newest=models.Max("version"))["newest"] or 0
    if newest != based_on:
        raise VersionRefusedError([meanwhile])
    try:
        with transaction.atomic():
            return model._default_manager.create(
                service=service,
                version=based_on + 1,
                author=author,
                reason=reason,
                created_at=now,
                **{name: values[name] for name in fields},
            )
    except IntegrityError as error:
        taken = isinstance(error.__cause__, UniqueViolation)
        raise VersionRefusedError([meanwhile if taken else _("These values are outside the limits.")]) from error


def forget_author(names: Collection[str], closed: str) -> None:
    """Whoever decided has no account any more: their versions say so, and are otherwise what they were."""
    rules = ("appointments.ReleasePolicy:policy_is_append_only", "appointments.ServiceTerms:terms_are_append_only")
    with transaction.atomic(), pgtrigger.ignore(*rules):
        for model in (ReleasePolicy, ServiceTerms):
            model._default_manager.filter(author__in=names).update(author=closed)


keeps_names(forget_author)
