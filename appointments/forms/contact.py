"""The e-mail address, and the code that was sent to it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appointments.forms.fields import PlainField, refuse_hidden
from vault.text import canonical, latin_digits


class ContactForm(forms.Form):
    """Where the code and every later letter go."""

    contact = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={
            "required": _("Write your e-mail address."),
            "invalid": _("This is not an e-mail address. It looks like name@example.com."),
            "max_length": _("This address is too long."),
        },
        widget=forms.EmailInput({"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, hint: Any = "", **options: Any) -> None:
        """`hint` says what the address is for on this page."""
        super().__init__(*args, **options)
        self.fields["contact"].help_text = hint

    def clean_contact(self) -> str:
        """One form for one mailbox: no hidden signs, capitals folded in the part that has none."""
        typed: str = self.cleaned_data["contact"]
        refuse_hidden(typed)
        local, _at, host = canonical(typed).rpartition("@")
        if not local or not host:
            raise ValidationError(_("This is not an e-mail address. It looks like name@example.com."), code="invalid")
        return f"{local}@{host.lower()}"


class CodeForm(forms.Form):
    """Six figures."""

    code = PlainField(
        label=_("Code"),
        max_length=20,
        missing=_("Write the code from the message."),
        widget=forms.TextInput(
            {
                "class": "code",
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "dir": "ltr",
                "spellcheck": "false",
            }
        ),
    )

    def clean_code(self) -> str:
        """Figures of any keyboard, without spaces and dashes."""
        return latin_digits(self.cleaned_data["code"]).replace(" ", "").replace("-", "")
