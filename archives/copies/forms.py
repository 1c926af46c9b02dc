"""What each requester has to give, and no more."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appointments.forms.fields import DatePartsField, DocumentNumberField, NameField, PlainField, refuse_hidden
from appointments.models import Post
from archives.copies.uploads import LARGEST_BYTES
from archives.models import CopyRequest, CopySettings
from vault.text import canonical

LONGEST_REASONS = 2000
Kind = CopyRequest.Kind


_WHO = [
    (Kind.HOLDER, _("I am the holder of the visa")),
    (Kind.LAWYER, _("I am a lawyer and ask for my client")),
    (Kind.PREFECTURE, _("I work at a prefecture")),
]


class WhoForm(forms.Form):
    """Which consulate, and who asks."""

    post = forms.ChoiceField(
        label=_("Consulate that issued the visa"), error_messages={"required": _("Choose the consulate.")}
    )
    kind = forms.ChoiceField(
        label=_("Who asks?"),
        widget=forms.RadioSelect,
        choices=_WHO,
        error_messages={"required": _("Choose who asks.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        """All posts are offered; a mandate is, where at least one of them takes it."""
        super().__init__(*args, **options)
        if CopySettings.objects.filter(mandates=True).exists():
            kind = self.fields["kind"]
            assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - narrows the type
            kind.choices = [*_WHO, (Kind.MANDATE, _("I have an express mandate of the holder"))]
        self.offer(lambda _post_key: True)

    def offer(self, wanted: Callable[[str], bool]) -> None:
        """Offer the posts that are `wanted`, by name in the reader's language."""
        named = ((post.key, post.name) for post in Post.objects.all() if wanted(post.key))
        posts = sorted(named, key=lambda pair: pair[1])
        field = self.fields["post"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = [("", _("Choose a consulate")), *posts]


class DetailsForm(forms.Form):
    """The visa's holder, the reasons, the document; and who the requester is."""

    requester_name = PlainField(label=_("Your name"), max_length=120, missing=_("Write your name."))
    bar = PlainField(label=_("Your bar"), max_length=120, missing=_("Write the bar you belong to."))
    service = PlainField(
        label=_("Prefecture and service"), max_length=160, missing=_("Write your prefecture and service.")
    )
    file_reference = PlainField(
        label=_("Your reference of the file"), max_length=60, missing=_("Write your reference of the file.")
    )
    family_name = NameField(
        label=_("Family name of the holder"), max_length=80, missing=_("Write the family name of the holder.")
    )
    given_names = NameField(label=_("Given names of the holder"), max_length=80, required=False)
    birth_date = DatePartsField(label=_("Date of birth of the holder"), missing=_("Write the date of birth."))
    passport_number = DocumentNumberField(
        label=_("Number of the passport that held the visa"),
        help_text=_("If you no longer have it, leave this empty."),
        max_length=20,
        required=False,
    )
    visa_number = PlainField(
        label=_("Number of the visa"), help_text=_("If you know it."), max_length=20, required=False
    )
    reasons = forms.CharField(
        label=_("Why do you need the copy?"),
        help_text=_("For example: to prove a lawful entry for a residence permit. The law asks for a reason."),
        widget=forms.Textarea({"rows": "5", "dir": "auto"}),
        error_messages={"required": _("Write why you need the copy.")},
    )
    document = forms.FileField(
        label=_("Copy of an identity document of the holder"),
        help_text=_("PDF, JPEG or PNG, at most 8 megabytes. It is deleted as soon as the identity is verified."),
        widget=forms.ClearableFileInput({"accept": "application/pdf,image/jpeg,image/png"}),
        error_messages={
            "required": _("Add a copy of the identity document."),
            "empty": _("This file is empty. Choose another one."),
            "missing": _("Add a copy of the identity document."),
        },
    )

    _OF_KIND = {
        Kind.HOLDER: set(),
        Kind.LAWYER: {"requester_name", "bar"},
        Kind.PREFECTURE: {"requester_name", "service", "file_reference"},
        Kind.MANDATE: {"requester_name"},
    }

    def __init__(self, *args: Any, kind: str, has_document: bool, **options: Any) -> None:
        """`kind` decides what is asked; `has_document`: one was taken already and need not be sent again."""
        super().__init__(*args, **options)
        for name in {"requester_name", "bar", "service", "file_reference"} - self._OF_KIND[Kind(kind)]:
            del self.fields[name]
        if kind == Kind.MANDATE:
            self.fields["document"].label = _(
                "The signed mandate and a copy of an identity document of the holder, in one file"
            )
        if has_document:
            self.fields["document"].required = False
        self.fields["document"].widget.attrs["data-most-bytes"] = str(LARGEST_BYTES)

    def clean_reasons(self) -> str:
        """Plain text of some length, lines kept."""
        typed = str(self.cleaned_data["reasons"])
        if len(typed) > 2 * LONGEST_REASONS:
            raise ValidationError(_("Please write at most 2,000 characters."), code="long")
        lines = [canonical(line) for line in typed.splitlines()]
        refuse_hidden(" ".join(lines) if "\0" not in typed else typed)
        text = "\n".join(line for line in lines if line)
        if not 10 <= len(text) <= LONGEST_REASONS:
            raise ValidationError(_("Please write between 10 and 2,000 characters."), code="length")
        return text

    def kept(self) -> dict[str, str]:
        """The valid answers as the request keeps them; the document is kept elsewhere."""
        kept = {name: value for name, value in self.cleaned_data.items() if name != "document"}
        return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in kept.items()}
