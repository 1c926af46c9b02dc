"""The editor of the counter-measures: what is in force, what would change, who said so and why, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import AUDIT, POLICY, may, scope_of
from accounts.site import ReadOnlyAdmin, ScopedModelAdmin, staff_site
from accounts.step_up import needs_step_up
from antibot.actions.publish_policy import NewerVersionError, newest_version, publish_again, publish_policy
from antibot.admin.policy_form import PolicyForm, form_of, shown_values
from antibot.domain.policy import BadPolicyError
from antibot.domain.replay import Effect
from antibot.models import PolicyVersion, ShadowTally
from antibot.policy_words import GROUPS
from antibot.queries.replay import Preview, preview
from antibot.shadow_words import rule_name

EFFECTS = {
    Effect.FREE: gettext_lazy("nothing in the way"),
    Effect.HARDER: gettext_lazy("the harder picture"),
    Effect.SLOWED: gettext_lazy("slowed down"),
    Effect.CAPPED: gettext_lazy("too many at once"),
    Effect.BLOCKED: gettext_lazy("blocked"),
}


@admin.register(PolicyVersion, site=staff_site)
class PolicyVersionAdmin(ScopedModelAdmin):
    """Versions are added, never changed; an earlier one comes back as a new one."""

    post_key_path = "post_key"
    add_verb = POLICY
    change_verb = None
    step_up = True
    form = PolicyForm
    list_display = ("scope_words", "version", "shadow", "author", "reason", "created_at")
    list_filter = ("shadow", "scope_key")
    add_form_template = "antibot/admin/policy_add.html"
    change_form_template = "antibot/admin/policy_version.html"
    change_list_template = "antibot/admin/policy_list.html"

    @admin.display(description=gettext_lazy("scope"), ordering="scope_key")
    def scope_words(self, row: PolicyVersion) -> str:
        """The scope; the empty one in words."""
        return row.scope_key or _("everywhere")

    def get_urls(self) -> list[URLPattern]:
        """One more address: an earlier version, or one in shadow, comes into force."""
        again = needs_step_up(self.again)
        own = path("<int:pk>/again/", self.admin_site.admin_view(again), name="antibot_policyversion_again")
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The versions, and where a new one can be made."""
        posts = [(key, name) for key, name in self.admin_site.post_choices() if may(request.user, POLICY, key)]  # type: ignore[attr-defined]
        everywhere = scope_of(request.user).everything and may(request.user, POLICY)
        return super().changelist_view(request, {"posts": posts, "everywhere": everywhere, **(extra_context or {})})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Reading shows what was written; adding shows every value under its heading."""
        if obj is not None:
            return [(None, {"fields": ("scope_key", "version", "shadow", "author", "reason", "created_at")})]
        values = [(title, {"fields": names}) for title, names in GROUPS]
        return [(None, {"fields": ("scope_key", "shadow", "reason", "based_on")}), *values]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Our form as it is: the fields of the values are no model fields."""
        return form_of(request) if obj is None else super().get_form(request, obj, change, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; “preview” shows what the values would have meant and saves nothing."""
        if request.method != "POST" or "_preview" not in request.POST:
            return super().changeform_view(request, *args, **kwargs)
        if not self.has_add_permission(request):
            raise PermissionDenied
        return needs_step_up(self._preview)(request)  # type: ignore[return-value]

    def _preview(self, request: HttpRequest) -> HttpResponse:
        form = form_of(request)(request.POST, instance=PolicyVersion())
        found = None
        if form.is_valid():
            try:
                found = preview(form.cleaned_data["scope_key"], form.cleaned_data["values"], timezone.now())
            except BadPolicyError as error:
                form.add_error(
                    None, _("A service of this scope has values of its own that do not fit: %(what)s") % {"what": error}
                )
        page = helpers.AdminForm(form, self.get_fieldsets(request), {}, model_admin=self)
        context = self.admin_site.each_context(request) | {
            "title": _("Preview: nothing is saved yet"),
            "subtitle": None,
            "adminform": page,
            "inline_admin_formsets": [],
            "errors": helpers.AdminErrorList(form, []),
            "media": self.media + page.media,
            "object_id": None,
            "original": None,
            "is_popup": False,
            "to_field": None,
            "preserved_filters": "",
            "preview": found,
            "rows": _rows(found),
        }
        return self.render_change_form(request, context, add=True)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One version with its values in words, what it would have done in shadow, and the way back to it."""
        row = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if row is not None:
            newest = newest_version(row.scope_key)
            more = {
                "values": shown_values(row.values),
                "newest": newest,
                "in_force": newest == row.version and not row.shadow,
                "may_change": may(request.user, POLICY, row.post_key),
                "tallies": [(tally, rule_name(tally.rule)) for tally in row.tallies.order_by("-day", "rule")[:60]],
            }
        return super().change_view(request, object_id, form_url, more | (extra_context or {}))

    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put the values of a version into force, as a new version."""
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        if not may(request.user, POLICY, row.post_key):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        shown = request.POST.get("based_on", "")
        based_on = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 7 else 0
        try:
            made = publish_again(row, author=request.user, based_on=based_on, now=timezone.now())  # type: ignore[arg-type]
        except NewerVersionError:
            text = _("Somebody saved another version in the meantime. Look at it, then decide again.")
            self.message_user(request, text, messages.ERROR)
            newest = PolicyVersion.objects.get(scope_key=row.scope_key, version=newest_version(row.scope_key))
            return HttpResponseRedirect(reverse("admin:antibot_policyversion_change", args=[newest.pk]))
        except BadPolicyError:
            text = _("These values no longer fit those of the more general scope. Make a new version instead.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:antibot_policyversion_change", args=[pk]))
        text = _("Version %(new)d is in force, with the values of version %(old)d.")
        self.message_user(request, text % {"new": made.version, "old": row.version})
        return HttpResponseRedirect(reverse("admin:antibot_policyversion_change", args=[made.pk]))

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        """Append the version."""
        made = publish_policy(
            scope_key=obj.scope_key,
            values=form.cleaned_data["values"],
            author=request.user,  # type: ignore[arg-type]
            reason=obj.reason,
            shadow=obj.shadow,
            now=timezone.now(),
        )
        obj.pk, obj.version = made.pk, made.version


def _rows(found: Preview | None) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    return [] if found is None else [(str(EFFECTS[effect]), now, then) for effect, now, then in found.rows]


@admin.register(ShadowTally, site=staff_site)
class ShadowTallyAdmin(ReadOnlyAdmin):
    """What versions in shadow would have done."""

    post_key_path = "policy__post_key"
    view_verb = AUDIT
    list_display = ("policy", "day", "in_words", "checked", "would_refuse", "share")
    list_filter = ("rule",)

    @admin.display(description=gettext_lazy("rule"), ordering="rule")
    def in_words(self, row: ShadowTally) -> str:
        """What was counted."""
        return rule_name(row.rule)

    @admin.display(description=gettext_lazy("share"))
    def share(self, row: ShadowTally) -> str:
        """Would have been refused, of those looked at."""
        return f"{100 * row.would_refuse / row.checked:.2f} %" if row.checked else "–"
