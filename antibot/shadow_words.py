"""What a version in shadow is watched for: each rule, its name on the staff's page, and the values that it tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

RULES: Final[dict[str, tuple[_StrPromise, tuple[str, ...]]]] = {
    "picture": (_("forms that ask for a picture"), ("captcha",)),
    "harder": (
        _("pictures that are the harder one"),
        ("captcha_hard_always", "step_challenge", "rollup_factor", "unproven_per_hour", "half_life_minutes"),
    ),
    "picture late": (_("pictures answered too late"), ("captcha_minutes",)),
    "pictures": (_("pictures and sounds above the cap"), ("pictures_per_minute", "shared_factor")),
    "proof": (_("proofs of work that cost more than now"), ("proof", "proof_cost", "proof_tries")),
    "proof late": (_("proofs of work that come too late"), ("proof_seconds",)),
    "acts": (_("forms above the cap"), ("acts_per_minute", "acts_per_session_minute", "shared_factor")),
    "identities": (_("people who give their network points"), ("identities_per_day", "shared_factor")),
    "slower": (_("forms slowed down"), ("step_slower", "slower_seconds", "half_life_minutes")),
    "block": (_("forms that meet a block"), ("step_block", "block_hours", "half_life_minutes")),
    "code asked": (
        _("codes refused when asked for"),
        ("code_cooldown_seconds", "codes_per_contact_hour", "codes_per_contact_day", "codes_per_network_hour", "sms"),
    ),
    "code typed": (_("codes typed too late or too often"), ("code_minutes", "code_attempts")),
    "prepayment": (_("requests with a fee in advance"), ("prepayment",)),
    "vouchers": (_("vouchers refused"), ("vouchers",)),
    "radar": (_("groups that the radar shows"), ("radar", "radar_threshold")),
}


def rule_name(rule: str) -> str:
    """A rule in words."""
    return str(RULES[rule][0]) if rule in RULES else rule
