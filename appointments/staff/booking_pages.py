"""One booking or request as staff see it: who, when, what happened; mending a typing mistake; cancelling."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import CORRECT, VIEW, may
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments.actions.cancellations import cancel, refund_due
from appointments.actions.corrections import LARGEST_DISTANCE, correct
from appointments.actions.requests import withdraw
from appointments.domain.references import read_reference
from appointments.models import Person, Post, Request
from appointments.refusals import RefusedError
from appointments.staff.showing import post_of, show
from vault.text import latin_digits

FIELD_WORDS = {
    "family_name": gettext_lazy("Family name"),
    "given_names": gettext_lazy("Given names"),
    "birth_date": gettext_lazy("Date of birth"),
    "passport_number": gettext_lazy("Passport number"),
}


def request_of(post: Post, reference: str) -> Request:
    """The request of this post with this reference; another post's answers like an unknown one."""
    row = (
        Request.objects.filter(reference=read_reference(reference) or "", service__post=post)
        .select_related("service__post", "service__category", "booking")
        .first()
    )
    if row is None:
        raise Http404
    return row


@staff_site.page("day/<slug:post_key>/request/<str:reference>/", name="staff_request", verb=VIEW)
@require_GET
def staff_request(request: HttpRequest, post_key: str, reference: str) -> HttpResponse:
    """Everything about one request; the look is written down."""
    post = post_of(post_key)
    row = request_of(post, reference)
    now = timezone.now()
    record(request.user, AccessRecord.Action.READ, row.reference, now=now, post_key=post.key, rows=row.size)
    booking = getattr(row, "booking", None)
    context = {
        "title": _("Request %(reference)s") % {"reference": row.reference},
        "post": post,
        "row": row,
        "booking": booking,
        "people": list(row.people.order_by("position").prefetch_related("corrections")),
        "places": list(booking.places.select_related("slot__counter", "person").order_by("pk")) if booking else [],
        "may_correct": may(request.user, CORRECT, post.key),
        "can_cancel": row.state == "standing" or (booking is not None and booking.state in {"held", "confirmed"}),
        "refund": booking is not None and refund_due(booking, now),
    }
    return show(request, "appointments/staff/request.html", context)


class CorrectionForm(forms.Form):
    """One field, what stands in the passport, and why."""

    field = forms.ChoiceField(label=gettext_lazy("What is wrong"), choices=list(FIELD_WORDS.items()))
    text = forms.CharField(
        label=gettext_lazy("As it stands in the passport"),
        max_length=200,
        help_text=gettext_lazy("A date of birth as year-month-day, for instance 1990-04-12."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("It is kept with your name. Write no personal data here."),
    )

    def clean_text(self) -> str:
        """Digits of any keyboard."""
        return latin_digits(self.cleaned_data["text"])


@staff_site.page("day/<slug:post_key>/request/<str:reference>/correct/<int:position>/", name="correct", verb=CORRECT)
@require_http_methods(["GET", "POST"])
def correct_person(request: HttpRequest, post_key: str, reference: str, position: int) -> HttpResponse:
    """Mend a typing mistake: a few letters, with a reason. Another person means cancelling."""
    post = post_of(post_key)
    row = request_of(post, reference)
    person = Person.objects.filter(request=row, position=position).select_related("request__service__post").first()
    if person is None:
        raise Http404
    now = timezone.now()
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _mended(form, person, request.user.get_username(), now):
        record(request.user, AccessRecord.Action.CHANGE, row.reference, now=now, post_key=post.key)
        messages.success(request, _("The mistake is mended."))
        return HttpResponseRedirect(reverse("admin:staff_request", args=[post.key, row.reference]))
    record(request.user, AccessRecord.Action.READ, row.reference, now=now, post_key=post.key)
    context = {
        "title": _("Mend a typing mistake"),
        "post": post,
        "row": row,
        "person": person,
        "form": form,
        "limits": [(FIELD_WORDS[name], most) for name, most in LARGEST_DISTANCE.items()],
    }
    return show(request, "appointments/staff/correct.html", context)


def _mended(form: CorrectionForm, person: Person, by: str, now: object) -> bool:
    data = form.cleaned_data
    try:
        correct(person=person, field=data["field"], text=data["text"], reason=data["reason"], by=by, now=now)  # type: ignore[arg-type]
    except RefusedError as refusal:
        form.add_error("text", str(refusal.sentence))
    except ValueError:
        form.add_error("text", _("Write the date as year-month-day, for instance 1990-04-12."))
    return not form.errors


@staff_site.page("day/<slug:post_key>/request/<str:reference>/cancel/", name="staff_cancel", verb=CORRECT)
@require_http_methods(["GET", "POST"])
def staff_cancel(request: HttpRequest, post_key: str, reference: str) -> HttpResponse:
    """Cancel for somebody who asks at the desk; the slot goes back to the pool, never to somebody chosen."""
    post = post_of(post_key)
    row = request_of(post, reference)
    booking = getattr(row, "booking", None)
    now = timezone.now()
    if request.method == "POST":
        try:
            if booking is not None:
                cancel(booking=booking, by=request.user.get_username(), now=now)
            else:
                withdraw(request=row, now=now)
        except RefusedError as refusal:
            messages.error(request, refusal.sentence)
        else:
            record(request.user, AccessRecord.Action.DECIDE, row.reference, now=now, post_key=post.key)
            messages.success(request, _("Cancelled. A letter is on its way."))
        return HttpResponseRedirect(reverse("admin:staff_request", args=[post.key, row.reference]))
    context = {
        "title": _("Cancel for somebody"),
        "post": post,
        "row": row,
        "booking": booking,
        "refund": booking is not None and refund_due(booking, now),
    }
    return show(request, "appointments/staff/cancel.html", context)
