"""Fields are written by Python; they have to say what a template would."""

from __future__ import annotations

from datetime import date

import pytest
from django import forms
from django.template import Context, Engine
from django.utils.safestring import SafeString

from visa_booking.rendering import PlainRenderer

# What stood around a field before it was written by Python.
TEMPLATE = """<div class="field{% if field.errors %} wrong{% endif %}{% if field.css_classes %} {{ field.css_classes }}{% endif %}">
  {% if field.use_fieldset %}<fieldset id="{{ field.auto_id }}"{% if field.aria_describedby %} aria-describedby="{{ field.aria_describedby }}"{% endif %}>{% if field.label %}<legend>{{ field.label }}</legend>{% endif %}
  {% elif field.label %}<label for="{{ field.id_for_label }}">{{ field.label }}</label>{% endif %}
  {% if field.help_text %}<div class="hint" id="{{ field.auto_id }}_helptext">{{ field.help_text }}</div>{% endif %}
  {{ field.errors }}
  {{ field }}
  {% if field.use_fieldset %}</fieldset>{% endif %}
</div>"""  # noqa: E501


class Everything(forms.Form):
    """Every kind of field that pages have."""

    default_renderer = PlainRenderer()
    required_css_class = "needed"
    name = forms.CharField(label='Name <b> & "x"', help_text="As in <i>the</i> passport", max_length=5)
    note = forms.CharField(label="", required=False, help_text=SafeString("<b>bold</b>"), widget=forms.Textarea)
    kind = forms.ChoiceField(
        label="Kind", choices=[("a", "A <"), ("b", "B")], widget=forms.RadioSelect, help_text="One"
    )
    days = forms.MultipleChoiceField(label="Days", choices=[("1", "Mo")], widget=forms.CheckboxSelectMultiple)
    agreed = forms.BooleanField(label="Yes", required=False)
    born = forms.DateField(label="Born", widget=forms.SelectDateWidget(years=[1990]), initial=date(1990, 1, 1))


@pytest.mark.parametrize(
    "data",
    [None, {}, {"name": "<script>\"&'", "kind": "c", "days": ["2"], "note": "</textarea>", "agreed": "on"}],
)
def test_a_field_says_what_its_template_said(data: dict[str, object] | None) -> None:
    form = Everything(data)
    wanted = Engine().from_string(TEMPLATE)
    for field in form:
        said = "".join(str(field.as_field_group()).split())
        assert said == "".join(wanted.render(Context({"field": field})).split())
