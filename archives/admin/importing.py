"""Imports by staff: bring a file, look at what it says, carry it out, take the rest home."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import ARCHIVE, may, scope_of
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments.models import Post
from archives.importing.batches import counts, read_batch, report
from archives.importing.reading import NotReadableError
from archives.importing.wording import FILE, sentence
from archives.models import ImportBatch, ImportRow
from archives.tasks import import_batch

LARGEST = 100 * 1024 * 1024
SHOWN = 50


class ImportForm(forms.Form):
    """A file and the post whose files it holds."""

    post = forms.ChoiceField(label=_("Post"))
    file = forms.FileField(label=_("CSV (UTF-8) or JSON"))

    def __init__(self, *args: Any, posts: list[tuple[str, str]], **options: Any) -> None:
        """`posts` are those of the person."""
        super().__init__(*args, **options)
        field = self.fields["post"]
        if isinstance(field, forms.ChoiceField):
            field.choices = posts

    def clean_file(self) -> Any:
        """Not larger than a table of 200,000 rows."""
        brought = self.cleaned_data["file"]
        if brought.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 100 MB. Bring it in parts."))
        return brought


def _posts(request: HttpRequest) -> list[tuple[str, str]]:
    scope = scope_of(request.user)
    rows = Post.objects.order_by("key").values_list("key", "name_fr")
    return [(key, f"{name} ({key})") for key, name in rows if scope.covers(key)]


def _batch(request: HttpRequest, number: int) -> ImportBatch:
    batch = get_object_or_404(ImportBatch, pk=number)
    if not may(request.user, ARCHIVE, batch.post_key):
        raise PermissionDenied
    return batch


@staff_site.page("archives/import/", name="archives_import", verb=ARCHIVE, menu=_("Import visa files"), step_up=True)
@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Bring a file: every row is checked, nothing is imported yet."""
    form = ImportForm(request.POST or None, request.FILES or None, posts=_posts(request))
    if request.method == "POST" and form.is_valid() and request.user.is_authenticated:
        brought = form.cleaned_data["file"]
        try:
            batch = read_batch(brought.file, brought.name, form.cleaned_data["post"], timezone.now(), request.user.pk)
        except NotReadableError as error:
            form.add_error("file", FILE[error.code])
        else:
            return HttpResponseRedirect(reverse("admin:archives_import_batch", args=[batch.pk]))
    context = staff_site.each_context(request) | {"title": _("Import visa files"), "form": form}
    return render(request, "archives/admin/import.html", context)


@staff_site.page("archives/import/<int:number>/", name="archives_import_batch", verb=ARCHIVE)
@require_safe
def batch_page(request: HttpRequest, number: int) -> HttpResponse:
    """What the file says, how far the import is, and the first rows that need mending."""
    batch = _batch(request, number)
    refused = batch.rows.filter(outcome=ImportRow.Outcome.REFUSED).order_by("line")[:SHOWN]
    problems = [(row.line, [(field, sentence(code, data)) for field, code, data in row.problems]) for row in refused]
    found = counts(batch)
    labels = dict(ImportRow.Outcome.choices)
    context = staff_site.each_context(request) | {
        "title": _("Import visa files"),
        "batch": batch,
        "counts": [(labels[name], count) for name, count in found.items()],
        "ready": found.get("ready", 0),
        "refused": found.get("refused", 0),
        "total": sum(found.values()),
        "done": sum(found.values()) - found.get("ready", 0),
        "problems": problems,
    }
    return render(request, "archives/admin/import_batch.html", context)


@staff_site.page("archives/import/<int:number>/go/", name="archives_import_go", verb=ARCHIVE, step_up=True)
@require_POST
def go(request: HttpRequest, number: int) -> HttpResponse:
    """Import what is right; a worker does it, this page shows how far it is."""
    batch = _batch(request, number)
    moved = ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.PREVIEW).update(
        state=ImportBatch.State.IMPORTING
    )
    if moved:
        import_batch.delay(batch.pk)
    return HttpResponseRedirect(reverse("admin:archives_import_batch", args=[batch.pk]))


@staff_site.page("archives/import/<int:number>/report.csv", name="archives_import_report", verb=ARCHIVE, step_up=True)
@require_safe
def report_page(request: HttpRequest, number: int) -> HttpResponseBase:
    """The rows that were refused, to be mended and brought again."""
    batch = _batch(request, number)
    if request.user.is_authenticated:
        record(
            request.user, AccessRecord.Action.EXPORT, f"import {batch.pk}", now=timezone.now(), post_key=batch.post_key
        )
    answer = StreamingHttpResponse(("\ufeff" if n == 0 else "") + line for n, line in enumerate(report(batch)))
    answer["Content-Type"] = "text/csv; charset=utf-8"
    answer["Content-Disposition"] = f'attachment; filename="import-{batch.pk}-to-mend.csv"'
    answer["Cache-Control"] = "no-store"
    return answer
