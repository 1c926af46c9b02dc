"""Requests for copies of visas."""

from django.utils.translation import gettext_lazy as _

from archives.inventory import clocks
from archives.inventory.registry import nobody, person

_PURPOSE = _("To answer a request for the copy of a visa.")
_RULE = "Regulation (EU) 2016/679 art. 15; CRPA L. 311-1, R. 311-12"

TABLES = (
    person(
        "archives.CopyRequest",
        "session_hash contact contact_index answers language file_id identity_by identity_how identity_at refusal_text"
        " proposed_by decided_by",
        "id reference post_key kind state origin created_at received_at deadline proposal refusal decided_at erased_on",
        _("Request for a copy: who asks, for what reasons, how identity was verified, what was decided"),
        _PURPOSE, _RULE, clocks.COPY,
    ),
    person(
        "archives.CopyUpload", "body", "id request pages size scanned stored_at",
        _("Copy of an identity document"), _PURPOSE, _RULE, clocks.COPY,
    ),
    person(
        "archives.CopyDelivery", "token_hash", "id request expires_at downloads most_downloads last_at",
        _("How often a copy was downloaded"), _PURPOSE, _RULE, clocks.COPY,
    ),
    nobody("archives.CopySettings", "id post_key two_persons mandates contact"),
    nobody("archives.OfficialDomain", "id domain name"),
)  # fmt: skip
