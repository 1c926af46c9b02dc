"""Accounts of staff, for the central administration."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import models
from django.http import HttpRequest

from accounts.access import STAFF
from accounts.models import PostScope, User
from accounts.site import ScopedModelAdmin, staff_site


class PostScopeInline(admin.TabularInline):
    """The posts of a person."""

    model = PostScope
    extra = 1

    def _allowed(self, request: HttpRequest) -> bool:
        return bool(staff_site._registry[User].has_change_permission(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request)


@admin.register(User, site=staff_site)
class StaffAdmin(ScopedModelAdmin, UserAdmin):
    """Who works here, as what, for which posts."""

    view_verb = STAFF
    add_verb = STAFF
    change_verb = STAFF
    inlines: ClassVar = [PostScopeInline]
    list_display = ("username", "first_name", "last_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    filter_horizontal = ()
    fieldsets: ClassVar = (
        (None, {"fields": ("username", "password")}),
        ("", {"fields": ("first_name", "last_name", "email", "role", "is_active", "is_staff")}),
    )
    add_fieldsets: ClassVar = (
        (None, {"classes": ("wide",), "fields": ("username", "role", "usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).order_by("username")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)
