"""Counters with their hours, breaks, closures and public holidays."""

from datetime import date, time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.access import PLAN, may
from accounts.site import ScopedModelAdmin, staff_site
from appointments.calendar.closing import effect_of
from appointments.models import Break, Closure, Counter, Holiday, OpeningHours, Post, Service


class PlanningAdmin(ScopedModelAdmin):
    """Rows of the plan: whoever plans a post may write them."""

    add_verb: str | None = PLAN
    change_verb: str | None = PLAN
    delete_verb: str | None = PLAN

    def remind(self, request: HttpRequest, post: Post) -> None:
        """Slots follow the plan at night; say how to have it now."""
        sentence = _("Slots follow the new plan tonight. <a href='{}'>See what changes, or do it now</a>.")
        address = reverse("admin:regenerate_slots", args=[post.key])
        messages.info(request, format_html(str(sentence), address))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """After the row and its inlines."""
        super().save_related(request, form, formsets, change)
        self.remind(request, form.instance.post)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """As after a change."""
        super().delete_model(request, obj)
        self.remind(request, obj.post)


class HoursFormSet(forms.BaseInlineFormSet):
    """Hours of a counter must not overlap, in the form as a whole and with the rows that are not in it."""

    def clean(self) -> None:
        """Say it with a sentence at the row; the database would refuse it as well."""
        super().clean()
        rows = [form for form in self.forms if form.is_valid() and form.cleaned_data.get("opens")]
        rows = [form for form in rows if not form.cleaned_data.get("DELETE")]
        in_form = {form.instance.pk for form in self.forms if form.instance.pk}
        others = OpeningHours.objects.filter(counter=self.instance).exclude(pk__in=in_form)
        seen = [(row.weekday, row.opens, row.closes, row.first_day, row.last_day) for row in others]
        for form in rows:
            data = form.cleaned_data
            row = (data["weekday"], data["opens"], data["closes"], data["first_day"], data.get("last_day"))
            if any(_overlap(row, other) for other in seen):
                form.add_error("opens", _("This counter is already open for something else at that time."))
            seen.append(row)


_Row = tuple[int, time, time, date, date | None]


def _overlap(one: _Row, other: _Row) -> bool:
    same_time = one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
    return same_time and one[3] <= (other[4] or date.max) and other[3] <= (one[4] or date.max)


class HoursInline(admin.TabularInline):
    """The week of a counter."""

    model = OpeningHours
    formset = HoursFormSet
    extra = 2

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A counter serves services of its own post only."""
        if db_field.name == "service":
            counter = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            services = Service.objects.select_related("post", "category")
            kwargs["queryset"] = services.filter(post__counters__pk=counter) if counter else services.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The service by what it is for: the post stands above, and its pages are elsewhere."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "service" and field is not None:
            field.label_from_instance = lambda service: service.category.label
            widget = field.widget
            widget.can_add_related = widget.can_change_related = widget.can_view_related = False
        return field

    def _may(self, request: HttpRequest, obj: Counter | None) -> bool:
        return may(request.user, PLAN, obj.post.key if obj else None)

    def has_view_permission(self, request: HttpRequest, obj: Counter | None = None) -> bool:
        """Whoever sees the counter sees its hours."""
        return staff_site._registry[Counter].has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Counter | None = None) -> bool:
        """Whoever plans the post."""
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Counter | None = None) -> bool:
        """Whoever plans the post."""
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Counter | None = None) -> bool:
        """Whoever plans the post."""
        return self._may(request, obj)


@admin.register(Counter, site=staff_site)
class CounterAdmin(PlanningAdmin):
    """Counters, each with its week."""

    post_key_path = "post__key"
    delete_verb = None  # bookings refer to it: a counter that is given up has no hours
    list_display = ("post", "number", "label")
    fields = ("post", "number", "label")
    list_display_links = ("number",)
    list_filter = ("post",)
    list_select_related = ("post",)
    autocomplete_fields = ("post",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Slots and bookings say where the counter is: it does not move."""
        return ("post",) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Hours once the counter exists: the services to choose from are those of its post."""
        return [HoursInline] if obj else []


@admin.register(Break, site=staff_site)
class BreakAdmin(PlanningAdmin):
    """Regular breaks of a post."""

    post_key_path = "post__key"
    list_display = ("post", "weekday", "starts", "ends")
    list_filter = ("post",)
    list_select_related = ("post",)
    autocomplete_fields = ("post",)


class ClosureForm(forms.ModelForm):
    """Nothing is closed over people's heads: who would stand before a closed door is said before it is saved."""

    seen = forms.BooleanField(
        label=_("Close all the same"),
        required=False,
        help_text=_("Needed only if somebody has an appointment then, or is being offered one."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse once, with the numbers."""
        cleaned = super().clean() or {}
        post, counter = cleaned.get("post"), cleaned.get("counter")
        if post and counter and counter.post_id != post.pk:
            self.add_error("counter", _("This counter belongs to another post."))
        if self.errors or not post:
            return cleaned
        closure = Closure(pk=self.instance.pk, **{name: cleaned.get(name) for name in self._closure_fields()})
        effect = effect_of(closure, timezone.now())
        if effect.shown and not cleaned.get("seen"):
            self.add_error(
                "seen",
                _(
                    "Not saved yet. In this time: people with an appointment: %(booked)d; slots being offered: "
                    "%(offered)d; slots that nobody has seen, which would simply go: %(waiting)d. Appointments stay "
                    "until you cancel them. Tick here to close all the same."
                )
                % {"booked": effect.booked, "offered": effect.offered, "waiting": effect.waiting},
            )
        return cleaned

    @staticmethod
    def _closure_fields() -> tuple[str, ...]:
        return ("post", "counter", "first_day", "last_day", "starts", "ends", "reason")


@admin.register(Closure, site=staff_site)
class ClosureAdmin(PlanningAdmin):
    """Closures of a post or of a counter."""

    post_key_path = "post__key"
    form = ClosureForm
    list_display = ("post", "counter", "first_day", "last_day", "starts", "ends", "reason", "touches")
    list_filter = ("post",)
    list_select_related = ("post", "counter__post")
    date_hierarchy = "first_day"
    list_per_page = 20
    autocomplete_fields = ("post",)

    @admin.display(description=_("appointments still in it"))
    def touches(self, closure: Closure) -> int:
        """People who have an appointment while it is closed."""
        return effect_of(closure, timezone.now()).booked


@admin.register(Holiday, site=staff_site)
class HolidayAdmin(PlanningAdmin):
    """Public holidays; staff decide on which of them the post is closed."""

    post_key_path = "post__key"
    delete_verb = None  # it would come back with the next refresh; say "open on this day" instead
    list_display = ("day", "name", "country", "post", "observed", "to_confirm", "decided_by_staff")
    list_filter = ("observed", "to_confirm", "country", "post")
    list_select_related = ("post",)
    date_hierarchy = "day"
    search_fields = ("name", "post__key")
    ordering = ("day", "post")
    autocomplete_fields = ("post",)
    readonly_fields = ("decided_by_staff",)
    actions = ("close_on_day", "open_on_day")

    def save_model(self, request: HttpRequest, obj: Holiday, form: Any, change: bool) -> None:
        """What a person has decided no refresh undoes."""
        obj.decided_by_staff = True
        super().save_model(request, obj, form, change)

    def _decide(self, request: HttpRequest, holidays: QuerySet[Holiday], observed: bool) -> HttpResponse | None:
        chosen = [row for row in holidays.select_related("post") if self.has_change_permission(request, row)]
        rows = Holiday.objects.filter(pk__in=[row.pk for row in chosen])
        rows.update(observed=observed, to_confirm=False, decided_by_staff=True)
        for row in chosen:
            self.log_change(request, row, [{"changed": {"fields": ["observed"]}}])
        for post in {row.post_id: row.post for row in chosen}.values():
            self.remind(request, post)
        return None

    @admin.action(description=_("Closed on these days"), permissions=["change"])
    def close_on_day(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> HttpResponse | None:
        """The post keeps the holiday."""
        return self._decide(request, queryset, observed=True)

    @admin.action(description=_("Open on these days"), permissions=["change"])
    def open_on_day(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> HttpResponse | None:
        """The post works on the holiday."""
        return self._decide(request, queryset, observed=False)
