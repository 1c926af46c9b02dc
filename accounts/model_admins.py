"""Model pages of the admin, limited to the rows of a person's posts."""

from collections.abc import Callable
from functools import reduce
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.access import CONFIGURE, VIEW, may, scope_of
from accounts.step_up import ask_again, is_fresh


def value_at(obj: Any, dotted: str) -> Any:
    """Follow `a__b__c` from an object; None where a step is missing."""
    return reduce(lambda value, name: None if value is None else getattr(value, name, None), dotted.split("__"), obj)


class _Autocomplete(AutocompleteSelect):
    """Shown again with what was sent, a form looks the row up: Django asks the database even for what is no key."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        to_python = self.field.target_field.to_python
        return super().optgroups(name, [one for one in value if _reads(to_python, one)], attrs)


def _reads(to_python: Callable[[Any], Any], value: Any) -> bool:
    try:
        to_python(value)
    except ValidationError:
        return False
    return True


class ScopedModelAdmin(admin.ModelAdmin):
    """Rows of a person's posts only: lists, forms, choices, filters, autocomplete, actions and history all ask here.

    `post_key_path` leads from the model to the post's key; None: rows that belong to no post, for those who see all.
    `view_verb`, `add_verb`, `change_verb`, `delete_verb` are verbs of `accounts.access`; None refuses everybody.
    `step_up`: adding and changing ask for the second factor of the last ten minutes.
    """

    post_key_path: str | None = None
    view_verb: str | None = VIEW
    add_verb: str | None = CONFIGURE
    change_verb: str | None = CONFIGURE
    delete_verb: str | None = None
    step_up = False

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

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form, after the second factor where `step_up` says so."""
        writes = self.has_change_permission(request) or self.has_add_permission(request)
        if self.step_up and writes and not is_fresh(request, timezone.now()):
            return ask_again(request)
        return super().changeform_view(request, *args, **kwargs)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """A filter by a related row offers only rows that occur in the person's own list."""
        return [self._own_choices(item) for item in super().get_list_filter(request)]

    def _own_choices(self, item: Any) -> Any:
        if not isinstance(item, str):
            return item
        model: Any = self.model
        field = None
        for name in item.split("__"):
            try:
                field = model._meta.get_field(name)
            except FieldDoesNotExist:
                return item
            model = field.related_model
        return (item, admin.RelatedOnlyFieldListFilter) if field is not None and field.is_relation else item

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices are limited like lists: a form cannot reach another post's rows."""
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(related, ScopedModelAdmin):
            kwargs.setdefault("queryset", related.get_queryset(request))
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", _Autocomplete(db_field, self.admin_site, using=kwargs.get("using")))
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
