"""Forms without a template for every box: an input is one line of markup, and Django makes three templates of it.

A form of eight fields was 60 templates, a third of the work of its page.
"""

from __future__ import annotations

from typing import Any

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString

_INPUTS = frozenset(f"django/forms/widgets/{kind}.html" for kind in ("text", "hidden", "email", "number", "input"))


class PlainRenderer(TemplatesSetting):
    """Templates, but for plain inputs, for lists of errors without an error, and for what stands around a field."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        """The markup of a form, a field, a widget or its errors."""
        if template_name in _INPUTS:
            return _input(context["widget"])
        if template_name == "django/forms/field.html":
            return _field(context["field"])
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


def _field(field: BoundField) -> SafeString:
    """A field with its label, hint and mistakes, escaped as templates escape."""
    errors, hint, name = str(field.errors), field.help_text, escape(field.auto_id)
    classes = f"field{' wrong' if errors else ''} {escape(field.css_classes())}".strip()
    parts = [f'<div class="{classes}">']
    if field.use_fieldset:
        about = f' aria-describedby="{escape(field.aria_describedby)}"' if field.aria_describedby else ""
        parts.append(f'<fieldset id="{name}"{about}>')
        parts.append(f"<legend>{escape(field.label)}</legend>" if field.label else "")
    elif field.label:
        parts.append(f'<label for="{escape(field.id_for_label)}">{escape(field.label)}</label>')
    if hint:
        parts.append(f'<div class="hint" id="{name}_helptext">{escape(hint)}</div>')
    parts += [errors, str(field), "</fieldset></div>" if field.use_fieldset else "</div>"]
    return SafeString("".join(parts))
