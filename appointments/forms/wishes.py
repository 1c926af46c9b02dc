"""Which days and hours suit."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from appointments.domain.wishes import Wishes
from appointments.forms.fields import DayField
from appointments.models import OpeningHours, Service

_WHOLE_DAY = (time(0, 0), time(23, 59))


def _week(service: Service) -> tuple[list[int], time, time]:
    """The weekdays on which a service is open, in the order of the post's week, and its first and last hour."""
    hours = list(OpeningHours.objects.filter(service=service).values_list("weekday", "opens", "closes").distinct())
    if not hours:
        return list(range(7)), time(8, 0), time(17, 0)
    open_days = {weekday for weekday, _opens, _closes in hours}
    # A week that includes Sunday begins with it, as in Algiers or Cairo.
    order = [6, 0, 1, 2, 3, 4, 5] if 6 in open_days else list(range(7))
    return [d for d in order if d in open_days], min(h[1] for h in hours), max(h[2] for h in hours)


class WishesForm(forms.Form):
    """Acceptable days and hours. Everything is chosen beforehand, so that most people only go on."""

    def __init__(self, *args: Any, service: Service, today: date, urgent: bool = False, **options: Any) -> None:
        """`today` is the day at the post; `urgent` offers the urgent quota."""
        super().__init__(*args, **options)
        last = today + timedelta(days=service.request_life_days)
        weekdays, opens, closes = _week(service)
        self.weekdays = weekdays
        self.fields["first_day"] = DayField(
            label=_("Not before"), first=today, last=last, initial=today + timedelta(days=1)
        )
        self.fields["last_day"] = DayField(label=_("Not after"), first=today, last=last, initial=last)
        self.fields["weekdays"] = forms.TypedMultipleChoiceField(
            label=_("Days of the week that suit you"),
            choices=[(day, WEEKDAYS[day]) for day in weekdays],
            coerce=int,
            initial=weekdays,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Choose at least one day of the week.")},
        )
        hours = [time(hour, 0) for hour in range(opens.hour, closes.hour + 1)]
        self.fields["earliest"] = forms.ChoiceField(
            label=_("Not earlier than"),
            required=False,
            choices=[("", _("any time")), *((f"{h:%H:%M}", f"{h:%H:%M}") for h in hours)],
        )
        self.fields["latest"] = forms.ChoiceField(
            label=_("Not later than"),
            required=False,
            choices=[("", _("any time")), *((f"{h:%H:%M}", f"{h:%H:%M}") for h in hours)],
        )
        self.fields["short_notice"] = forms.BooleanField(
            label=_("I can also come at short notice, within a day or two"),
            help_text=_("Places that others give back late are then drawn among you and those who ticked this too."),
            required=False,
        )
        if urgent:
            self.fields["quota"] = forms.ChoiceField(
                label=_("Is your case urgent in the sense of the law?"),
                help_text=_(
                    "Family of an EU citizen, medical treatment, a death in the family. Bring the proof: "
                    "without it the appointment is lost at the counter."
                ),
                choices=[("ordinary", _("No, an ordinary case")), ("urgent", _("Yes, and I can prove it"))],
                initial="ordinary",
                widget=forms.RadioSelect,
            )

    def clean(self) -> dict[str, Any]:
        """Days and hours in order. Raises ValidationError."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", _("The last day lies before the first one."))
        earliest, latest = cleaned.get("earliest"), cleaned.get("latest")
        if earliest and latest and earliest >= latest:
            self.add_error("latest", _("The latest hour has to come after the earliest one."))
        return cleaned

    def wishes(self) -> Wishes:
        """What was chosen, of a valid form."""
        data = self.cleaned_data
        return Wishes(
            first_day=data["first_day"],
            last_day=data["last_day"],
            earliest=time.fromisoformat(data["earliest"]) if data["earliest"] else _WHOLE_DAY[0],
            latest=time.fromisoformat(data["latest"]) if data["latest"] else _WHOLE_DAY[1],
            weekdays=sum(1 << day for day in data["weekdays"]),
            short_notice=data["short_notice"],
        )

    def kept(self) -> dict[str, Any]:
        """The valid answers as the draft keeps them."""
        return kept_wishes(self.wishes(), self.cleaned_data.get("quota", "ordinary"))


def kept_wishes(wishes: Wishes, quota: str) -> dict[str, Any]:
    """Wishes as the draft keeps them, and as the form shows them again."""
    return {
        "first_day": wishes.first_day.isoformat(),
        "last_day": wishes.last_day.isoformat(),
        "earliest": "" if wishes.earliest == _WHOLE_DAY[0] else f"{wishes.earliest:%H:%M}",
        "latest": "" if wishes.latest >= _WHOLE_DAY[1] else f"{wishes.latest:%H:%M}",
        "weekdays": [day for day in range(7) if wishes.weekdays >> day & 1],
        "short_notice": wishes.short_notice,
        "quota": quota,
    }


def wishes_of(kept: dict[str, Any]) -> Wishes:
    """The wishes that a draft keeps."""
    return Wishes(
        first_day=date.fromisoformat(kept["first_day"]),
        last_day=date.fromisoformat(kept["last_day"]),
        earliest=time.fromisoformat(kept["earliest"]) if kept["earliest"] else _WHOLE_DAY[0],
        latest=time.fromisoformat(kept["latest"]) if kept["latest"] else _WHOLE_DAY[1],
        weekdays=sum(1 << day for day in kept["weekdays"]),
        short_notice=kept["short_notice"],
    )
