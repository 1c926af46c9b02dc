"""Forms without a template for every box: an input is one line of markup, and Django makes three templates of it."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString

_INPUTS = frozenset(f"django/forms/widgets/{kind}.html" for kind in ("text", "hidden", "email", "number", "input"))


class PlainRenderer(TemplatesSetting):
    """Templates, but for plain inputs and for lists of errors without an error; the markup is Django's own."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        """The markup of a form, a field, a widget or its errors."""
        if template_name in _INPUTS:
            return _input(context["widget"])
        if template_name.startswith("django/forms/errors/") and not context.get("errors"):
            return SafeString("")
        return SafeString(super().render(template_name, context, request))


def _input(widget: dict[str, Any]) -> SafeString:
    """What `django/forms/widgets/input.html` says, escaped as templates escape."""
    parts = [f'<input type="{escape(widget["type"])}" name="{escape(widget["name"])}"']
    if widget["value"] is not None:
        parts.append(f' value="{escape(str(widget["value"]))}"')
    for name, value in widget["attrs"].items():
        if value is True:
            parts.append(f" {escape(name)}")
        elif value is not False:
            parts.append(f' {escape(name)}="{escape(str(value))}"')
    return SafeString("".join([*parts, ">"]))
