"""Staff side of the requests for a copy: a board by deadline, and a desk for each."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.access import DECIDE_COPY, may
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import ReadOnlyAdmin, ScopedModelAdmin, staff_site
from appointments.domain.references import spoken
from appointments.forms.contact import ContactForm
from archives.copies import actions
from archives.copies.desk import desk
from archives.copies.forms import DetailsForm, WhoForm
from archives.copies.refusals import RefusedError
from archives.copies.uploads import read_upload, take_upload
from archives.models import CopyRequest, CopySettings, CopyUpload, OfficialDomain


@admin.register(CopyRequest, site=staff_site)
class CopyRequestAdmin(ReadOnlyAdmin):
    """The board: what silence would refuse first stands on top."""

    post_key_path = "post_key"
    view_verb = DECIDE_COPY
    list_display = ("spoken_reference", "post_key", "kind", "state", "origin", "received_at", "deadline", "days_left")
    list_filter = ("state", "kind", "origin", "post_key")
    list_display_links = None
    ordering = ("deadline", "pk")
    change_list_template = "archives/copies/admin/board.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[CopyRequest]:
        """Forms in progress are nobody's business yet."""
        return super().get_queryset(request).exclude(state=CopyRequest.State.DRAFT).defer("answers", "contact")

    @admin.display(description=_("reference"), ordering="reference")
    def spoken_reference(self, row: CopyRequest) -> str:
        """The way to the desk."""
        return format_html('<a href="{}">{}</a>', reverse("admin:copy_desk", args=[row.pk]), spoken(row.reference))

    @admin.display(description=_("days left"), ordering="deadline")
    def days_left(self, row: CopyRequest) -> str:
        """Days until silence refuses; only where nothing was decided."""
        days = actions.days_left(row.deadline, timezone.now())
        if days is None or row.state not in {CopyRequest.State.RECEIVED, CopyRequest.State.PROPOSED}:
            return "–"
        return format_html('<strong class="{}">{}</strong>', "overdue" if days < 7 else "in-time", days)

    def get_urls(self) -> list[URLPattern]:
        """The desk, its document, and entry of what came by mail."""
        view = self.admin_site.admin_view
        return [
            path("by-mail/", view(self.by_mail), name="copy_by_mail"),
            path("<int:pk>/desk/", view(self.desk), name="copy_desk"),
            path("<int:pk>/document/", view(self.document), name="copy_document"),
            *super().get_urls(),
        ]

    def _row(self, request: HttpRequest, pk: int) -> CopyRequest:
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def desk(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One request."""
        row = self._row(request, pk)
        return desk(request, row, {**self.admin_site.each_context(request), "title": spoken(row.reference)})

    def document(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The document that was sent: saved, never shown inside our own origin."""
        row = self._row(request, pk)
        upload = CopyUpload.objects.filter(request=row).first()
        if upload is None:
            raise Http404
        record(request.user, AccessRecord.Action.READ, f"document {row.reference}", now=timezone.now())
        return HttpResponse(
            read_upload(upload),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="document-{row.reference}.pdf"',
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )

    def by_mail(self, request: HttpRequest) -> HttpResponse:
        """Enter a request that came to the post's contact address, so that it has the same clock and the same desk."""
        if not may(request.user, DECIDE_COPY):
            raise PermissionDenied
        who = WhoForm(request.POST or None)
        who.offer(lambda post_key: may(request.user, DECIDE_COPY, post_key))
        kind = request.POST.get("kind") or CopyRequest.Kind.HOLDER
        if kind not in CopyRequest.Kind.values:
            kind = CopyRequest.Kind.HOLDER
        posted = request.method == "POST"
        contact = ContactForm(request.POST if posted else None)
        details = DetailsForm(
            request.POST if posted else None, request.FILES if posted else None, kind=kind, has_document=False
        )
        if posted and who.is_valid() and contact.is_valid() and details.is_valid():
            answer = self._enter(request, who, contact, details)
            if answer is not None:
                return answer
        context = {**self.admin_site.each_context(request), "title": _("Request that came by mail")}
        forms = {"who": who, "contact": contact, "details": details}
        return render(request, "archives/copies/admin/by_mail.html", {**context, **forms})

    def _enter(
        self, request: HttpRequest, who: WhoForm, contact: ContactForm, details: DetailsForm
    ) -> HttpResponse | None:
        now = timezone.now()
        post_key = who.cleaned_data["post"]
        if not may(request.user, DECIDE_COPY, post_key):
            raise PermissionDenied
        kind = who.cleaned_data["kind"]
        try:
            actions.check_kind(post_key, kind)
        except RefusedError as error:
            who.add_error("kind", error.sentence)
            return None
        row = CopyRequest.objects.create(post_key=post_key, kind=kind, origin="mail", language="fr", created_at=now)
        try:
            take_upload(row, details.cleaned_data["document"], now)
            actions.keep(row, details.kept())
            actions.receive(row, contact=contact.cleaned_data["contact"], now=now)
        except RefusedError as error:
            row.delete()
            details.add_error("document", error.sentence)
            return None
        return HttpResponseRedirect(reverse("admin:copy_desk", args=[row.pk]))


@admin.register(OfficialDomain, site=staff_site)
class OfficialDomainAdmin(ScopedModelAdmin):
    """Mail domains of prefectures, kept by the central administration."""

    list_display = ("domain", "name")
    search_fields = ("domain", "name")
    delete_verb = "configure"


@admin.register(CopySettings, site=staff_site)
class CopySettingsAdmin(ScopedModelAdmin):
    """Two persons or one, mandates or not: each post for itself."""

    post_key_path = "post_key"
    add_verb = change_verb = "policy"
    list_display = ("post_key", "two_persons", "mandates", "contact")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Only for posts of one's own."""
        if not may(request.user, "policy", obj.post_key):
            raise PermissionDenied
        super().save_model(request, obj, form, change)
