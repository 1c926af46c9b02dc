"""Visa files: the list with its countdown, one file with its events, what happened to it."""

from datetime import date
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.access import ARCHIVE
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import ReadOnlyAdmin, staff_site
from archives.dating import erasure_day
from archives.models import FileDocument, FileEvent, FileLink, ProcessingRecord, VisaFile
from archives.sealing import holders_of
from vault.cipher import UnreadableError


class GoneFilter(admin.SimpleListFilter):
    """When files go."""

    title = _("goes")
    parameter_name = "goes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [("30", _("within 30 days")), ("365", _("within a year")), ("never", _("not decided yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[VisaFile]) -> QuerySet[VisaFile]:
        """The files of a choice."""
        value = self.value()
        if value == "never":
            return queryset.filter(gone_from__isnull=True)
        if value in ("30", "365"):
            until = erasure_day(timezone.now()).toordinal() + int(value)
            return queryset.filter(gone_from__lte=date.fromordinal(until))
        return queryset


class _Inline(admin.TabularInline):
    """Rows of a file, to be read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(staff_site._registry[VisaFile].has_view_permission(request, obj))


class EventInline(_Inline):
    """What happened."""

    model = FileEvent
    fields = ("type", "date", "valid_from", "valid_until", "field", "value", "recorded_at")
    ordering = ("id",)


class DocumentInline(_Inline):
    """The individual file."""

    model = FileDocument
    fields = ("kind", "media_type", "size", "stored_at")


class LinkInline(_Inline):
    """Linked files that come later."""

    model = FileLink
    fk_name = "first"
    fields = ("kind", "second")


def countdown(file: VisaFile, today: date) -> str:
    """How long a file still stands, in words."""
    if file.gone_from is None:
        return gettext("not decided: never erased by itself")
    days = (file.gone_from - today).days
    if days <= 0:
        return gettext("goes tonight")
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}


@admin.register(VisaFile, site=staff_site)
class VisaFileAdmin(ReadOnlyAdmin):
    """Files of the person's posts. Opening one is recorded."""

    post_key_path = "post_key"
    view_verb = ARCHIVE
    list_display = ("holder_name", "post_key", "category", "status", "start_basis", "gone_from", "left")
    list_filter = (GoneFilter, "category", "state", "profile")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("gone_from", "id")
    inlines: ClassVar = [EventInline, DocumentInline, LinkInline]
    fields = (
        "desk", "holder", "post_key", "category", "profile", "status", "state", "created_on", "start_date",
        "start_basis", "gone_from", "left", "advance_basis", "floor_until", "entered_at",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them."""
        return self.fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list opens the holders of its page with one look at the keys."""
        changes = super().get_changelist_instance(request)
        files = list(changes.result_list)
        try:
            holders = holders_of(files)
        except UnreadableError:
            holders = {}
        for file in files:
            file.opened = holders.get(file.pk)
        changes.result_list = files
        if request.user.is_authenticated:
            record(request.user, AccessRecord.Action.LIST, "visa files", now=timezone.now(), rows=len(files))
        return changes

    @admin.display(description=_("holder"))
    def holder_name(self, file: VisaFile) -> str:
        """Name, and the file's number."""
        opened = getattr(file, "opened", None)
        return (
            f"{opened.family_name} {opened.given_names} – {opened.file_number}" if opened else gettext("not readable")
        )

    @admin.display(description=_("events, hold, documents, links"))
    def desk(self, file: VisaFile) -> str:
        """The way to what can be done with the file."""
        return format_html('<a href="{}">{}</a>', reverse("admin:archives_file", args=[file.pk]), gettext("Open"))

    @admin.display(description=_("countdown"))
    def left(self, file: VisaFile) -> str:
        """Days until it is erased."""
        return countdown(file, erasure_day(timezone.now()))

    @admin.display(description=_("holder"))
    def holder(self, file: VisaFile) -> str:
        """Everything that is sealed, one line each."""
        try:
            opened = holders_of([file])[file.pk]
        except UnreadableError:
            return gettext("not readable")
        return "\n".join(f"{name}: {value}" for name, value in opened.as_mapping().items())

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Looking at a file is a processing operation (art. 34)."""
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        file = self.get_object(request, object_id) if object_id and answer.status_code == 200 else None
        if file is not None and request.user.is_authenticated:
            ProcessingRecord.objects.create(
                file_ref=file.pk,
                post_key=file.post_key,
                purpose=ProcessingRecord.Purpose.CONSULTATION,
                kind_of_data="whole_file",
                actor=request.user.pk,
                at=timezone.now(),
            )
        return answer
