"""Posts, providers, categories and services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.access import CONFIGURE, PLAN, may
from accounts.site import ScopedModelAdmin, staff_site
from appointments.admin.confirming import ConfirmingAdmin, ToConfirmFilter, ToConfirmForm
from appointments.domain.calendar.zones import ZoneUnknownError, zone
from appointments.models import Category, Post, Provider, Service
from appointments.models.posts import TERMS
from appointments.queries.posts import country_name


def _post_choices() -> list[tuple[str, str]]:
    posts = sorted((country_name(post.country), post.name, post.key) for post in Post.objects.all())
    return [(key, f"{country} – {name}") for country, name, key in posts]


staff_site.post_choices = _post_choices


@admin.register(Provider, site=staff_site)
class ProviderAdmin(ScopedModelAdmin):
    """Companies that run visa centres."""

    search_fields = ("name",)


@admin.register(Category, site=staff_site)
class CategoryAdmin(ConfirmingAdmin):
    """Kinds of applications, their names and what to bring, in three languages."""

    list_display = ("code", "label", "kind", "identity_family", "consular_fee_cents", "unconfirmed")
    list_filter = ("kind", ToConfirmFilter)
    search_fields = ("code", "label_fr", "label_en")
    exclude = ("to_confirm",)


class PostForm(ToConfirmForm):
    """A post in a zone that does not exist could not say when it opens."""

    def clean_timezone(self) -> str:
        """A name of the IANA database, as installed."""
        key: str = self.cleaned_data["timezone"]
        try:
            zone(key)
        except ZoneUnknownError as error:
            raise forms.ValidationError(_("There is no such time zone. Example: Africa/Algiers.")) from error
        return key

    def clean_country(self) -> str:
        """Two capital letters that stand for a country."""
        code: str = self.cleaned_data["country"].upper()
        if code not in dict(countries):
            raise forms.ValidationError(_("Write the two letters of the country. Example: DZ."))
        return code


class WhereForm(forms.ModelForm):
    """Where a post is and how it is reached: its own people know it best."""

    class Meta:
        model = Post
        fields = ("address", "contact_email")

    def save(self, commit: bool = True) -> Any:
        """What they write is confirmed by it."""
        self.instance.to_confirm = [name for name in self.instance.to_confirm if name not in self.changed_data]
        return super().save(commit=commit)


@admin.register(Post, site=staff_site)
class PostAdmin(ConfirmingAdmin):
    """Consulates and visa centres; badges say what nobody has confirmed yet.

    The centre changes everything; whoever plans a post changes its address and contact.
    """

    post_key_path = "key"
    change_verb = PLAN
    form = PostForm
    list_display = ("name", "country_in_words", "provider", "is_open", "slots", "unconfirmed")
    list_filter = ("is_open", "provider", "certainty", ToConfirmFilter)
    list_select_related = ("provider",)
    search_fields = ("key", "name_fr", "name_en", "name_ar", "country")
    readonly_fields = ("source", "certainty", "slots")
    exclude = ("to_confirm",)

    @admin.display(description=_("country"), ordering="country")
    def country_in_words(self, post: Post) -> str:
        """The country's name."""
        return country_name(post.country)

    @admin.display(description=_("slots"))
    def slots(self, post: Post) -> SafeString | str:
        """The way to the preview."""
        if not post.key:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse("admin:regenerate_slots", args=[post.key]), _("Regenerate…"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The key is written into scopes, policies and payments: fixed once it exists."""
        fields = super().get_readonly_fields(request, obj)
        if obj is not None and not may(request.user, CONFIGURE):
            return tuple(name for name in self.get_fields(request, obj) if name not in WhereForm.Meta.fields)
        return fields if obj is None else ("key", *fields)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What stands on the page; for the people of a post, what they may write comes first."""
        if obj is None or may(request.user, CONFIGURE):
            return super().get_fields(request, obj)
        others = ("key", "name_fr", "name_ar", "name_en", "country", "timezone", "provider", "languages", "is_open")
        return (*WhereForm.Meta.fields, *others)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The whole post for the centre, address and contact for its own people."""
        if obj is not None and not may(request.user, CONFIGURE):
            kwargs["form"] = WhereForm
        return super().get_form(request, obj, change, **kwargs)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the way to the slots for those who do not plan."""
        columns = super().get_list_display(request)
        return columns if may(request.user, PLAN) else [name for name in columns if name != "slots"]


@admin.register(Service, site=staff_site)
class ServiceAdmin(ConfirmingAdmin):
    """What appointments are for at a post. Its terms are changed on a page with versions."""

    post_key_path = "post__key"
    list_display = ("__str__", "slug", "duration_minutes", "service_fee_cents", "is_open", "unconfirmed")
    list_filter = ("is_open", "category__kind", ToConfirmFilter, "post")
    list_select_related = ("post", "category")
    search_fields = ("post__key", "post__name_fr", "slug", "category__code")
    autocomplete_fields = ("post", "category")
    exclude = ("to_confirm",)
    actions = ("open_services", "close_services")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What requests and payments refer to stays as it is; terms are shown, and changed by a new version."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else ("post", "category", "slug", *TERMS, "other_terms", *fields)

    @admin.display(description=_("booking terms"))
    def other_terms(self, service: Service) -> SafeString:
        """The way to the editor of the terms."""
        address = reverse("admin:terms", args=[service.post.key, service.slug])
        return format_html('<a href="{}">{}</a>', address, _("Versions, preview and changes…"))

    def _set_open(self, request: HttpRequest, services: QuerySet[Service], is_open: bool) -> None:
        chosen = [service for service in services if self.has_change_permission(request, service)]
        Service.objects.filter(pk__in=[service.pk for service in chosen]).update(is_open=is_open)
        for service in chosen:
            self.log_change(request, service, [{"changed": {"fields": ["is_open"]}}])
        self.message_user(request, _("Services changed: %(count)d.") % {"count": len(chosen)})

    @admin.action(description=_("Open the chosen services"), permissions=["change"])
    def open_services(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        """Open them; slots follow at night or by hand."""
        self._set_open(request, queryset, is_open=True)

    @admin.action(description=_("Close the chosen services"), permissions=["change"])
    def close_services(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        """Close them; bookings that exist stay."""
        self._set_open(request, queryset, is_open=False)
