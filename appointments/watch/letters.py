"""The weekly report and alerts, by mail, to those who answer for posts."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.access import scope_of
from accounts.models import Role, User
from appointments.models import Post
from appointments.watch import reading
from appointments.watch.dashboard import words_of
from mailroom.renderers import Envelope, renderer

_IN_THE_REPORT = (
    "entered",
    "released",
    "booked",
    "paid",
    "attended",
    "no_show",
    "mismatched",
    "cancelled",
    "expired",
    "reports",
)


def readers(post_key: str | None = None) -> QuerySet[User]:
    """Heads of a post (of any post for None) and the centre, as far as they have an address."""
    people = User.objects.filter(is_active=True, is_staff=True).exclude(email="")
    heads = Q(role=Role.HEAD) if post_key is None else Q(role=Role.HEAD, post_scopes__post_key=post_key)
    return people.filter(heads | Q(role=Role.CENTRE)).distinct()


@renderer("weekly_report")
def weekly_report(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """Last week of the reader's posts beside the week before."""
    user = User.objects.filter(pk=subject_key, is_active=True).first()
    if user is None or not user.email:
        return None
    monday = date.fromisoformat((payload or {})["monday"])
    week = reading.Period(monday, monday + timedelta(days=6))
    scope = scope_of(user)
    posts = Post.objects.all() if scope.everything else Post.objects.filter(key__in=scope.post_keys)
    ids = list(posts.values_list("pk", flat=True))
    now, before = reading.totals(week, ids), reading.totals(week.before, ids)
    with translation.override(user.language):
        title = _("Week from %(first)s to %(last)s") % {"first": week.first, "last": week.last}
        lines = [title, ""]
        lines += [f"{words_of(name)}: {now[name]} ({before[name]})" for name in _IN_THE_REPORT]
        lines += ["", _("In brackets: the week before."), settings.PUBLIC_ORIGIN + reverse("admin:figures")]
        return Envelope(user.email, title, "\n".join(lines), language=user.language)


@renderer("figure_alert")
def figure_alert(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """A number of one post is far above its usual one."""
    user = User.objects.filter(pk=subject_key, is_active=True).first()
    told = payload or {}
    post = Post.objects.filter(pk=told.get("post") or 0).first()
    if user is None or post is None or not user.email:
        return None
    with translation.override(user.language):
        words = {"post": post.name, "what": words_of(told["name"]), "number": told["number"], "usual": told["usual"]}
        words["day"] = told["day"]
        text = _("%(post)s, %(day)s: %(what)s %(number)s; usual are %(usual)s a day.") % words
        text += "\n\n" + settings.PUBLIC_ORIGIN + reverse("admin:figures") + f"?post={post.key}&days=30"
        subject = _("Sudden change at %(post)s: %(what)s") % words
        return Envelope(user.email, subject, text, language=user.language)
