"""The admin site of staff: two factors, living sessions, and rows limited to a person's posts, each in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import sign_in_limits
from accounts.access import may
from accounts.model_admins import ReadOnlyAdmin, ScopedModelAdmin, value_at
from accounts.presence import is_alive, network_of
from accounts.step_up import needs_step_up

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver
    from django.utils.functional import _StrPromise

__all__ = ["Page", "ReadOnlyAdmin", "ScopedModelAdmin", "StaffSite", "staff_site", "value_at"]

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Page:
    """A staff page that is no model's: who may open it is decided here and nowhere else."""

    route: str
    view: View
    name: str
    verb: str
    menu: "_StrPromise | None"
    place: int


class StaffSite(admin.AdminSite):
    """Nothing but enrolment and sign-in is reachable without a verified second factor."""

    site_title = _("Consular appointments")
    site_header = _("Consular appointments")
    index_title = _("Today")
    login_template = "accounts/login.html"
    enable_nav_sidebar = True

    def __init__(self, name: str = "admin") -> None:
        """An empty site; applications add models and pages."""
        super().__init__(name)
        self.pages: list[Page] = []
        # Set by the application that knows the posts: (key, name) pairs for the form of a person's scope.
        self.post_choices: Callable[[], list[tuple[str, str]]] = list

    def page(
        self,
        route: str,
        *,
        name: str,
        verb: str,
        menu: "_StrPromise | None" = None,
        place: int = 50,
        step_up: bool = False,
    ) -> Callable[[View], View]:
        """Decorate a view that becomes a page below /admin/.

        The site asks `may(user, verb, post_key)` first; `post_key` is the part of that name in `route`, and a page
        whose rows belong to a post has it there. `menu` puts it on the first page, lower `place` first; `step_up` asks
        for the second factor of the last ten minutes.
        """

        def keep(view: View) -> View:
            self.pages.append(Page(route, needs_step_up(view) if step_up else view, name, verb, menu, place))
            return view

        return keep

    def menu(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Address and words of the pages that this person may open."""
        user = request.user
        ordered = sorted(self.pages, key=lambda page: page.place)
        return [
            (reverse(f"admin:{page.name}"), str(page.menu)) for page in ordered if page.menu and may(user, page.verb)
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, second factor shown in this session, session neither idle nor ended."""
        user = request.user
        verified = user.is_active and user.is_staff and getattr(user, "is_verified", bool)()
        return bool(verified) and is_alive(request, timezone.now())

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Every page knows the staff pages of the person who looks at it."""
        context = super().each_context(request)
        context["staff_menu"] = self.menu(request) if context["has_permission"] else []
        return context

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """First factor; whoever has passed it is sent on to the second."""
        user = request.user
        half_way = user.is_authenticated and user.is_active and user.is_staff and not self.has_permission(request)
        if half_way and request.user.is_authenticated:  # still: an ended session was signed out a moment ago
            return HttpResponseRedirect(f"{reverse('admin:two_factor')}?{request.GET.urlencode()}")
        if request.method != "POST":
            return super().login(request, extra_context)
        name, network = request.POST.get("username", "")[:150], network_of(request.META.get("REMOTE_ADDR", ""))
        if sign_in_limits.is_paused(name, network):
            sentence = _now("Too many wrong passwords. Wait a quarter of an hour, then try again.")
            return super().login(_without_form(request), {"paused": sentence})
        answer = super().login(request, extra_context)
        if answer.status_code == 200:
            sign_in_limits.count_failure(name, network)
        return answer

    def _guarded(self, page: Page) -> View:
        @wraps(page.view)
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, page.verb, kwargs.get("post_key")):
                raise PermissionDenied
            return page.view(request, *args, **kwargs)

        return view

    def get_urls(self) -> "list[URLPattern | URLResolver]":
        """Ours, then Django's without its jump to public pages, which no scope covers."""
        from accounts import profile, two_factor

        own: list[URLPattern | URLResolver] = [
            path("two-factor/", two_factor.second_factor, name="two_factor"),
            path("two-factor/enrol/", two_factor.enrol, name="two_factor_enrol"),
            path("two-factor/codes/", self.admin_view(two_factor.recovery_codes), name="two_factor_codes"),
            path("profile/", self.admin_view(profile.profile), name="profile"),
            *(path(page.route, self.admin_view(self._guarded(page)), name=page.name) for page in self.pages),
        ]
        return own + [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def catch_all_view(self, request: HttpRequest, url: str) -> HttpResponse:
        """Unknown addresses answer alike, with and without a slash."""
        raise Http404


def _without_form(request: HttpRequest) -> HttpRequest:
    """The same request as a look at the form: the password in it is not tried."""
    request.method = "GET"
    return request


staff_site = StaffSite(name="admin")
