"""The till: the receipt to print, the day's count, and money to give back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import CHECK_IN, VIEW, may
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments.staff.booking_pages import request_of
from appointments.staff.showing import day_from, post_of, show, today_at
from appointments.staff.till import count_of, give_back, receipts_of, to_give_back


@staff_site.page("day/<slug:post_key>/till/<str:reference>/", name="till_receipt", verb=CHECK_IN)
@require_GET
def till_receipt(request: HttpRequest, post_key: str, reference: str) -> HttpResponse:
    """The receipt of a fee taken at the desk."""
    post = post_of(post_key)
    row = request_of(post, reference)
    receipt = receipts_of(post).filter(booking__request=row).first()
    if receipt is None:
        raise Http404
    record(request.user, AccessRecord.Action.PRINT, row.reference, now=timezone.now(), post_key=post.key)
    board = f"{reverse('admin:day_board', args=[post.key])}?day={receipt.booking.local_day}"
    place = receipt.booking.places.order_by("pk").values_list("pk", flat=True).first()
    context = {
        "title": _("Receipt of the service fee"),
        "post": post,
        "row": row,
        "booking": receipt.booking,
        "receipt": receipt,
        "onward": f"{board}&at={place}",
    }
    return show(request, "appointments/staff/till_receipt.html", context)


@staff_site.page("day/<slug:post_key>/till/", name="till", verb=VIEW)
@require_http_methods(["GET", "POST"])
def till(request: HttpRequest, post_key: str) -> HttpResponse:
    """What was taken on a day, by method and person, and whose money has to go back."""
    post, now = post_of(post_key), timezone.now()
    may_take = may(request.user, CHECK_IN, post.key)
    if request.method == "POST":
        if not may_take:
            return HttpResponse(status=403)
        row = request_of(post, request.POST.get("reference", "")[:30])
        receipt = get_object_or_404(receipts_of(post), booking__request=row)
        if give_back(receipt=receipt, by=request.user.get_username(), now=now):
            record(request.user, AccessRecord.Action.DECIDE, f"till {row.reference}", now=now, post_key=post.key)
            messages.success(request, _("Given back and written down."))
        else:
            messages.error(request, _("Nothing is to be given back for this reference."))
        return HttpResponseRedirect(reverse("admin:till", args=[post.key]))
    day = day_from(request.GET.get("day"), today_at(post, now))
    lines = count_of(post, day)
    sums: dict[str, list[int]] = {}
    for line in lines:
        total = sums.setdefault(line.currency, [0, 0])
        total[0] += line.cents
        total[1] += line.back
    context = {
        "title": _("Till"),
        "post": post,
        "day": day,
        "lines": lines,
        "sums": [(currency, *cells) for currency, cells in sums.items()],
        "back": to_give_back(post),
        "may_take": may_take,
    }
    return show(request, "appointments/staff/till.html", context)
