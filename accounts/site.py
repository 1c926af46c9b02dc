"""The admin site of staff: two factors, and rows limited to a person's posts in one place."""

from functools import reduce
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import CONFIGURE, VIEW, may, scope_of

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver


class StaffSite(admin.AdminSite):
    """Nothing but enrolment and sign-in is reachable without a verified second factor."""

    site_title = _("Consular appointments")
    site_header = _("Consular appointments")
    index_title = _("Today")
    login_template = "accounts/login.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and user.is_staff and getattr(user, "is_verified", bool)())

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """First factor; whoever has passed it is sent on to the second."""
        user = request.user
        if user.is_authenticated and user.is_active and user.is_staff and not self.has_permission(request):
            return HttpResponseRedirect(f"{reverse('admin:two_factor')}?{request.GET.urlencode()}")
        return super().login(request, extra_context)

    def get_urls(self) -> "list[URLPattern | URLResolver]":
        from accounts import two_factor

        own: list[URLPattern | URLResolver] = [
            path("two-factor/", two_factor.second_factor, name="two_factor"),
            path("two-factor/enrol/", two_factor.enrol, name="two_factor_enrol"),
            path("two-factor/codes/", self.admin_view(two_factor.recovery_codes), name="two_factor_codes"),
        ]
        return own + super().get_urls()


staff_site = StaffSite(name="admin")


def value_at(obj: Any, dotted: str) -> Any:
    """Follow `a__b__c` from an object; None where a step is missing."""
    return reduce(lambda value, name: None if value is None else getattr(value, name, None), dotted.split("__"), obj)


class ScopedModelAdmin(admin.ModelAdmin):
    """Rows of a person's posts only: lists, forms, choices, autocomplete, actions and history all ask here.

    `post_key_path` leads from the model to the post's key; None: rows that belong to no post, for those who see all.
    `view_verb`, `add_verb`, `change_verb`, `delete_verb` are verbs of `accounts.access`; None refuses everybody.
    """

    post_key_path: str | None = None
    view_verb: str | None = VIEW
    add_verb: str | None = CONFIGURE
    change_verb: str | None = CONFIGURE
    delete_verb: str | None = None

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self.scoped(request, super().get_queryset(request))

    def scoped(self, request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Only the rows within the scope of the person who asks."""
        scope = scope_of(request.user)
        if scope.everything:
            return rows
        if self.post_key_path is None:
            return rows.none()
        return rows.filter(**{f"{self.post_key_path}__in": scope.post_keys})

    def _may(self, request: HttpRequest, verb: str | None, obj: Any) -> bool:
        if verb is None:
            return False
        if obj is None or self.post_key_path is None:
            if self.post_key_path is None and not scope_of(request.user).everything:
                return False
            return may(request.user, verb)
        return may(request.user, verb, value_at(obj, self.post_key_path) or "")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.view_verb, None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.view_verb, obj) or self._may(request, self.change_verb, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.add_verb, obj if isinstance(obj, self.model) else None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.change_verb, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.delete_verb, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices are limited like lists: a form cannot reach another post's rows."""
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(related, ScopedModelAdmin):
            kwargs.setdefault("queryset", related.get_queryset(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """As for a foreign key."""
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(related, ScopedModelAdmin):
            kwargs.setdefault("queryset", related.get_queryset(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class ReadOnlyAdmin(ScopedModelAdmin):
    """Rows that staff read and never write here."""

    add_verb = None
    change_verb = None
