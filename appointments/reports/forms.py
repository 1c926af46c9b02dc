"""What the form asks."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from appointments.models import Post, TrafficReport
from vault.text import canonical


class ReportForm(forms.ModelForm):
    """What happened, where and the story are asked for; the rest may stay empty."""

    story = forms.CharField(
        label=_("What happened?"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Names, telephone numbers, addresses of shops or pages help most. Do not name yourself."),
    )
    contact = forms.CharField(
        label=_("How can we reach you? (only if you wish)"),
        max_length=200,
        required=False,
        help_text=_(
            "Without it nobody can find out who wrote. With it we can ask back; whoever reads the mail of this address "
            "can also have this report shown to them, so give one that you alone read."
        ),
    )
    centre_only = forms.BooleanField(
        label=_("Show this to the central administration alone, not to the post"), required=False
    )

    class Meta:
        model = TrafficReport
        fields = ("kind", "medium", "post", "happened_on", "amount", "story", "contact", "centre_only")
        widgets = {
            "kind": forms.RadioSelect,
            "happened_on": forms.DateInput(attrs={"type": "date"}),
        }

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """`today` bounds the day on which it can have happened."""
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["kind"].choices = TrafficReport.Kind.choices  # type: ignore[attr-defined]
        where = [("", _("Choose where it was")), *TrafficReport.Medium.choices]
        self.fields["medium"].choices = where  # type: ignore[attr-defined]
        self.fields["post"].queryset = Post.objects.order_by("country", "name_fr")  # type: ignore[attr-defined]
        self.fields["post"].empty_label = _("I do not know, or none")  # type: ignore[attr-defined]
        self.fields["amount"].help_text = _("With the currency, for instance 15000 DA.")

    def clean_story(self) -> str:
        """Some words."""
        text = "\n".join(canonical(line) for line in self.cleaned_data["story"].splitlines()).strip()
        if len(text) < 10:
            raise forms.ValidationError(_now("Tell us a little more: one or two sentences."))
        return text

    def clean_contact(self) -> str:
        """In one form."""
        return canonical(self.cleaned_data["contact"])

    def clean_happened_on(self) -> date | None:
        """Not in the future."""
        day: date | None = self.cleaned_data["happened_on"]
        if day and day > self.today:
            raise forms.ValidationError(_now("This day has not come yet."))
        return day

    def clean(self) -> dict[str, Any]:
        """What concerns people of the post is never shown to them."""
        data = super().clean() or {}
        if data.get("kind") == TrafficReport.Kind.INSIDE:
            data["centre_only"] = True
        return data
