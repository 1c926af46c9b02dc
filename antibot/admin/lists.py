"""Lists that the central administration keeps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access import CONFIGURE, may
from accounts.site import ScopedModelAdmin, staff_site
from antibot.actions.import_networks import import_networks
from antibot.models import DisposableDomain, NetworkRange


class ImportForm(forms.Form):
    """A list of networks."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=NetworkRange.Kind.choices)
    note = forms.CharField(label=gettext_lazy("Source or note"), max_length=200)
    replace = forms.BooleanField(
        label=gettext_lazy("Replace the networks that carry the same note"), required=False, initial=True
    )
    networks = forms.CharField(
        label=gettext_lazy("Networks in CIDR notation, one a line; # begins a comment"),
        max_length=5_000_000,
        widget=forms.Textarea(attrs={"rows": 20}),
    )


@admin.register(NetworkRange, site=staff_site)
class NetworkRangeAdmin(ScopedModelAdmin):
    """Networks that are known to be shared, and those of hosting providers."""

    delete_verb = CONFIGURE
    list_display = ("network", "kind", "note", "created_at")
    list_filter = ("kind", "note")
    search_fields = ("note",)
    fields = ("network", "kind", "note")
    change_list_template = "antibot/admin/ranges.html"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A network is typed as text; the database checks it again."""
        if db_field.name == "network":
            return NetworkField(label=db_field.verbose_name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """One more page: import."""
        own = path("import/", self.admin_site.admin_view(self.import_view), name="antibot_networkrange_import")
        return [own, *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take over a list."""
        if not (may(request.user, CONFIGURE) and self.has_add_permission(request)):
            return HttpResponse(status=403)
        form = ImportForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            done = import_networks(values["networks"], values["kind"], values["note"], replace=values["replace"])
            text = ngettext("%(count)d network was added.", "%(count)d networks were added.", done.added)
            self.message_user(request, text % {"count": done.added})
            if done.bad_lines:
                bad = ", ".join(line[:60] for line in done.bad_lines[:10])
                self.message_user(request, _("Lines that are no network: %(lines)s") % {"lines": bad}, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:antibot_networkrange_changelist"))
        context = self.admin_site.each_context(request) | {"form": form, "title": _("Import networks")}
        return render(request, "antibot/admin/import.html", context)


class NetworkField(forms.CharField):
    """One network in CIDR notation."""

    def clean(self, value: Any) -> str:
        """The canonical form. Raises ValidationError."""
        from antibot.domain.networks import parse_networks

        good, _bad = parse_networks(super().clean(value))
        if len(good) != 1:
            raise forms.ValidationError(_("This is not a network in CIDR notation, or it is far too large."))
        return str(good[0])


@admin.register(DisposableDomain, site=staff_site)
class DisposableDomainAdmin(ScopedModelAdmin):
    """Mail domains for throw-away addresses."""

    delete_verb = CONFIGURE
    list_display = ("domain", "note")
    search_fields = ("domain",)
