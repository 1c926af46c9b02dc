"""Posts, what they offer, and the counters they offer it at."""

from typing import ClassVar, Final

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

LANGUAGES = ("fr", "ar", "en")
# What a service promises and asks: changed by a new version of `ServiceTerms` alone, see there.
TERMS: Final = (
    "payment_deadline_hours",
    "hold_minutes",
    "cooling_off_days",
    "refund_hours_before",
    "largest_group",
    "request_life_days",
    "asks_france_visas",
)


def in_reader_language(obj: models.Model, field: str) -> str:
    """The text of `field` in the reader's language; French, then English, where it was not written."""
    language = (get_language() or "fr")[:2]
    for code in (language, "fr", "en"):
        text = getattr(obj, f"{field}_{code}", "")
        if text:
            return str(text)
    return ""


class Provider(models.Model):
    """A company that runs visa centres for consulates."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A consulate, or a visa centre run for one."""

    key = models.SlugField(_("key"), max_length=20, unique=True)
    name_fr = models.CharField(_("name in French"), max_length=120)
    name_ar = models.CharField(_("name in Arabic"), max_length=120, blank=True)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2)
    timezone = models.CharField(_("time zone"), max_length=40)
    provider = models.ForeignKey(
        Provider, verbose_name=_("provider"), null=True, blank=True, on_delete=models.PROTECT, related_name="posts"
    )
    consulate = models.CharField(_("consulate"), max_length=160, blank=True)
    identity_group = models.CharField(
        _("identity group"),
        max_length=20,
        help_text=_("One living request per passport across all posts with the same group: by default the country."),
    )
    languages = ArrayField(models.CharField(max_length=2), verbose_name=_("languages"), default=list)
    address = models.TextField(_("address"), blank=True)
    contact_email = models.EmailField(_("contact address"), blank=True)
    capacity_per_day = models.PositiveIntegerField(_("files a day"), null=True, blank=True)
    to_confirm = ArrayField(
        models.CharField(max_length=40), verbose_name=_("to be confirmed"), default=list, blank=True
    )
    source = models.TextField(_("source of the facts"), blank=True)
    certainty = models.CharField(_("certainty"), max_length=10, blank=True)
    is_open = models.BooleanField(_("open"), default=True)
    closed_reason = models.CharField(_("why it is closed"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ("country", "name_fr")
        constraints: ClassVar = [
            models.CheckConstraint(name="post_country_two_letters", condition=Q(country__regex=r"^[A-Z]{2}$")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return in_reader_language(self, "name")


class Category(models.Model):
    """A kind of application: a visa category of the Visa Code or of national law, or another consular service."""

    class Kind(models.TextChoices):
        """Families of services."""

        SHORT_STAY = "short_stay", _("Short-stay visa")
        AIRPORT_TRANSIT = "airport_transit", _("Airport transit visa")
        LONG_STAY = "long_stay", _("Long-stay visa")
        PASSPORT = "passport", _("Passport or identity card")
        CIVIL_STATUS = "civil_status", _("Civil status")

    code = models.CharField(_("code"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    identity_family = models.SlugField(_("identity family"), max_length=20)
    label_fr = models.CharField(_("label in French"), max_length=120)
    label_ar = models.CharField(_("label in Arabic"), max_length=120)
    label_en = models.CharField(_("label in English"), max_length=120)
    documents_fr = models.TextField(_("what to bring, in French"), blank=True)
    documents_ar = models.TextField(_("what to bring, in Arabic"), blank=True)
    documents_en = models.TextField(_("what to bring, in English"), blank=True)
    consular_fee_cents = models.PositiveIntegerField(_("consular fee (cents)"), null=True, blank=True)
    consular_fee_note = models.CharField(_("note on the fee"), max_length=200, blank=True)
    urgent_possible = models.BooleanField(_("urgent quota possible"), default=False)
    vis_scope = models.BooleanField(_("within the Visa Information System"), default=False)
    to_confirm = ArrayField(
        models.CharField(max_length=40), verbose_name=_("to be confirmed"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("kind", "code")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="category_kind_known",
                condition=Q(kind__in=["short_stay", "airport_transit", "long_stay", "passport", "civil_status"]),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The label in the reader's language."""
        return in_reader_language(self, "label")

    @property
    def documents(self) -> list[str]:
        """What to bring, a line each, in the reader's language."""
        return [line.strip() for line in in_reader_language(self, "documents").splitlines() if line.strip()]


class Service(models.Model):
    """What appointments are for, at one post."""

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.PROTECT, related_name="services")
    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.PROTECT, related_name="services"
    )
    slug = models.SlugField(_("address"), max_length=40)
    duration_minutes = models.PositiveSmallIntegerField(_("minutes"), default=15, validators=[MinValueValidator(5)])
    service_fee_cents = models.PositiveIntegerField(_("service fee (cents)"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    payment_deadline_hours = models.PositiveSmallIntegerField(_("hours to pay after a draw"), default=48)
    hold_minutes = models.PositiveSmallIntegerField(_("minutes a slot is held until paid"), default=15)
    largest_group = models.PositiveSmallIntegerField(_("largest family"), default=6)
    asks_france_visas = models.BooleanField(_("asks the France-Visas number"), default=False)
    cooling_off_days = models.PositiveSmallIntegerField(_("days of cooling-off"), default=7)
    refund_hours_before = models.PositiveSmallIntegerField(
        _("refund when cancelled so many hours before"),
        default=48,
        null=True,
        blank=True,
        help_text=_("Empty: the service fee is never paid back."),
    )
    request_life_days = models.PositiveSmallIntegerField(_("days a request stands"), default=120)
    to_confirm = ArrayField(
        models.CharField(max_length=40), verbose_name=_("to be confirmed"), default=list, blank=True
    )
    is_open = models.BooleanField(_("open"), default=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ("post", "category")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["post", "slug"], name="service_slug_once_a_post"),
            models.UniqueConstraint(fields=["post", "category"], name="service_category_once_a_post"),
            models.CheckConstraint(
                name="service_durations_positive",
                condition=Q(
                    duration_minutes__range=(5, 480), hold_minutes__range=(5, 120), largest_group__range=(1, 20)
                ),
            ),
            models.CheckConstraint(
                name="service_deadline_hours_to_three_days", condition=Q(payment_deadline_hours__range=(1, 72))
            ),
            models.CheckConstraint(name="service_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="service_begins_with_terms",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func=f"""
                    INSERT INTO appointments_serviceterms
                        (service_id, version, {", ".join(TERMS)}, author, reason, created_at)
                    VALUES (NEW.id, 1, {", ".join(f"NEW.{name}" for name in TERMS)}, '', '', now());
                    RETURN NULL;
                """,  # noqa: S608 - names of columns, written above
            ),
            pgtrigger.Trigger(
                name="service_terms_are_versions",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf(*TERMS),
                condition=pgtrigger.AnyChange(*TERMS),
                func=f"""
                    IF ({", ".join(f"NEW.{name}" for name in TERMS)}) IS DISTINCT FROM
                            (SELECT ({", ".join(TERMS)}) FROM appointments_serviceterms
                              WHERE service_id = NEW.id ORDER BY version DESC LIMIT 1) THEN
                        RAISE EXCEPTION 'service_terms_are_versions' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - names of columns, written above
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post} – {self.category}"

    @property
    def scope_key(self) -> str:
        """The opaque name under which antibot and policies know this service."""
        return f"{self.post.key}/{self.slug}"

    @property
    def prepaid_cents(self) -> int:
        """The part of the service fee that is paid in advance: all of it, or nothing where staff switched that off."""
        from antibot import doors

        return self.service_fee_cents if self.service_fee_cents and doors.is_prepaid(self.scope_key) else 0

    @property
    def identity_scope(self) -> str:
        """Where a passport may have one living request: a group of posts and a family of services."""
        return f"{self.post.identity_group}:{self.category.identity_family}"


class Counter(models.Model):
    """A counter of a post."""

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.PROTECT, related_name="counters")
    number = models.PositiveSmallIntegerField(_("number"))
    label = models.CharField(_("label"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        ordering = ("post", "number")
        constraints: ClassVar = [models.UniqueConstraint(fields=["post", "number"], name="counter_number_once_a_post")]

    def __str__(self) -> str:
        return f"{self.post} {self.number}"
