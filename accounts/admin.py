"""Accounts of staff, for the central administration; sign-ins and access records for whoever audits."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import presence, two_factor
from accounts.access import AUDIT, STAFF
from accounts.journal import record
from accounts.models import AccessRecord, PostScope, SignIn, User
from accounts.site import ReadOnlyAdmin, ScopedModelAdmin, staff_site


class PostScopeForm(forms.ModelForm):
    """The post is chosen by name; a key that no post has would look like a scope and be none."""

    post_key = forms.ChoiceField(label=_("post"), choices=lambda: [("", "–"), *staff_site.post_choices()])

    class Meta:
        model = PostScope
        fields = ("post_key",)


class PostScopeInline(admin.TabularInline):
    """The posts of a person."""

    model = PostScope
    form = PostScopeForm
    extra = 1

    def _allowed(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(staff_site._registry[User].has_change_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj)


@admin.register(User, site=staff_site)
class StaffAdmin(ScopedModelAdmin, UserAdmin):
    """Who works here, as what, for which posts. Nobody changes their own account."""

    view_verb = STAFF
    add_verb = STAFF
    change_verb = STAFF
    step_up = True
    inlines = (PostScopeInline,)
    actions = ("reset_second_factor", "end_sessions")
    list_display = ("username", "first_name", "last_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("", {"fields": ("first_name", "last_name", "email", "language", "role", "is_active", "is_staff")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "language", "role", "usable_password", "password1", "password2"),
            },
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not one's own: a second person gives and takes rights."""
        if obj is not None and obj.pk == request.user.pk:
            return False
        return super().has_change_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).order_by("username")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)
        if change and {"role", "is_active", "password"} & set(form.changed_data):
            presence.end_all(obj, timezone.now())

    @admin.action(description=_("Reset the second factor (phone and recovery codes lost)"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """Devices go, sessions end, the person is told."""
        self._for_others(request, queryset, lambda user: two_factor.reset(user.pk))

    @admin.action(description=_("End all sessions"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """Somebody signed in who should not have."""
        self._for_others(request, queryset, lambda _user: None)

    def _for_others(self, request: HttpRequest, queryset: models.QuerySet[User], then: Any) -> None:
        now = timezone.now()
        for user in queryset.exclude(pk=request.user.pk or 0):
            then(user)
            presence.end_all(user, now)
            record(request.user, AccessRecord.Action.DECIDE, f"account {user.username}", now=now)
        self.message_user(request, _("Done. The sessions of these people have ended."), messages.SUCCESS)


class _Traces(ReadOnlyAdmin):
    """Reading the traces leaves one too: who looked through them, and how."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; the words of a search are not kept, they may name somebody."""
        answer = super().changelist_view(request, extra_context)
        if self.has_view_permission(request) and answer.status_code == 200:
            action = AccessRecord.Action.SEARCH if request.GET.get("q") else AccessRecord.Action.LIST
            record(request.user, action, str(self.opts.model_name), now=timezone.now())
        return answer


@admin.register(SignIn, site=staff_site)
class SignInAdmin(_Traces):
    """Where staff signed in."""

    view_verb = AUDIT
    list_display = ("at", "user", "network", "browser", "ended_at", "ended_why")
    list_filter = ("ended_why",)
    list_select_related = ("user",)
    search_fields = ("user__username", "network")
    date_hierarchy = "at"


@admin.register(AccessRecord, site=staff_site)
class AccessRecordAdmin(_Traces):
    """Who read, searched, exported and decided what, within the posts of whoever audits."""

    post_key_path = "post_key"
    view_verb = AUDIT
    list_display = ("at", "user_name", "role", "action", "subject", "post_key", "rows")
    list_filter = ("action", "role")
    search_fields = ("user_name", "subject", "post_key")
    date_hierarchy = "at"
    show_full_result_count = False
