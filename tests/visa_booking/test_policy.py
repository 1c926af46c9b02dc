"""The content security policy: put together once, and the package's where a page asks for something of its own."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.decorators import csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import RequestFactory

from visa_booking.middleware import OnePolicyMiddleware


def answered(middleware: type[CSPMiddleware], view: Callable[[HttpRequest], HttpResponseBase]) -> HttpResponse:
    answer = middleware(view)(RequestFactory().get("/"))
    assert isinstance(answer, HttpResponse)
    return answer


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


@csp_update({"img-src": ["https://maps.example"]})
def special(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


def test_a_page_has_the_policy_that_the_package_would_give_it() -> None:
    ours, theirs = answered(OnePolicyMiddleware, plain), answered(CSPMiddleware, plain)
    assert ours[HEADER] == theirs[HEADER]
    assert dict(ours.items()) == dict(theirs.items())


def test_a_page_that_asks_for_more_is_given_it_and_nobody_else_is() -> None:
    assert "https://maps.example" in answered(OnePolicyMiddleware, special)[HEADER]
    assert "https://maps.example" not in answered(OnePolicyMiddleware, plain)[HEADER]


def test_a_policy_that_a_view_wrote_itself_stays() -> None:
    own = {HEADER: "default-src 'none'"}
    answer = answered(OnePolicyMiddleware, lambda _request: HttpResponse("page", headers=own))
    assert answer[HEADER] == "default-src 'none'"
