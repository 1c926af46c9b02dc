"""The public page on personal data, made from the inventory."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from archives.queries.privacy import sections


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is held, why, under which text, for how long; and what people can ask for."""
    return render(request, "archives/privacy.html", {"sections": sections()})
