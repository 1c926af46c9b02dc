"""What each value of the counter-measures is called, and what it means for people: the words of the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

GROUPS: Final[tuple[tuple[_StrPromise, tuple[str, ...]], ...]] = (
    (_("Picture or sound"), ("captcha", "captcha_hard_always", "captcha_minutes", "pictures_per_minute")),
    (_("Proof of work"), ("proof", "proof_cost", "proof_tries", "proof_seconds", "unproven_per_hour")),
    (_("Limits"), ("acts_per_minute", "acts_per_session_minute", "identities_per_day", "shared_factor")),
    (
        _("Networks with many failures"),
        (
            "half_life_minutes",
            "step_challenge",
            "step_slower",
            "slower_seconds",
            "step_block",
            "block_hours",
            "rollup_factor",
        ),
    ),
    (
        _("Codes"),
        (
            "sms",
            "code_minutes",
            "code_attempts",
            "code_cooldown_seconds",
            "codes_per_contact_hour",
            "codes_per_contact_day",
            "codes_per_network_hour",
        ),
    ),
    (_("Prepayment"), ("prepayment", "vouchers")),
    (_("Radar"), ("radar", "radar_threshold")),
)

WORDS: Final[dict[str, tuple[_StrPromise, _StrPromise]]] = {
    "captcha": (_("Picture or sound for everybody"), _("Once per request. Off: only the proof of work remains.")),
    "captcha_hard_always": (
        _("The harder picture for everybody"),
        _("For days of attack: people fail it more often. Otherwise only networks with failures get it."),
    ),
    "captcha_minutes": (_("Minutes a picture lives"), _("Too short shuts out people who read slowly.")),
    "pictures_per_minute": (
        _("Pictures a minute, per network"),
        _("Pictures, sounds and fresh ones. Shared networks may ask for more."),
    ),
    "proof": (
        _("Proof of work where scripts run"),
        _("The browser computes for about a second, unseen. People without scripts solve the picture alone."),
    ),
    "proof_cost": (_("Cost of one try"), _("Rounds of PBKDF2. Twice as many: old telephones wait twice as long.")),
    "proof_tries": (
        _("Most tries of a proof"),
        _("Three quarters of them on average. Doubles with a network’s points."),
    ),
    "proof_seconds": (_("Seconds a proof lives"), _("Short, so that proofs cannot be stored up.")),
    "unproven_per_hour": (
        _("Pictures solved without a proof, an hour and network"),
        _("After these, the network gets the harder picture."),
    ),
    "acts_per_minute": (
        _("Forms sent a minute, per network"),
        _("Pages that are only looked at do not count. Above it people are asked to wait a moment."),
    ),
    "acts_per_session_minute": (_("Forms sent a minute, per browser"), _("A person hardly sends more than five.")),
    "identities_per_day": (
        _("Different people a day, per network"),
        _("Each further one gives points. A family, or a house, stays below."),
    ),
    "shared_factor": (
        _("How much more a shared network may do"),
        _("For carriers, universities and cyber cafés on the list of known networks."),
    ),
    "half_life_minutes": (_("Minutes after which points are halved"), _("Longer: failures are remembered longer.")),
    "step_challenge": (_("Points for the harder picture"), _("A wrong picture or code gives one point.")),
    "step_slower": (_("Points for slowing down"), _("Then one form passes in the seconds below.")),
    "slower_seconds": (_("Seconds between two forms when slowed down"), _("People notice more than twenty.")),
    "step_block": (
        _("Points for a block"),
        _("Everybody behind the network waits. Shared networks are never blocked."),
    ),
    "block_hours": (
        _("Hours of a block"),
        _(
            "It ends by itself, and people can say that it is a mistake. "
            "Each further one within a week lasts twice as long, 72 hours at most."
        ),
    ),
    "rollup_factor": (
        _("How many times the points a whole range needs"),
        _("A range of addresses never meets more than the harder picture."),
    ),
    "sms": (
        _("Codes by text message too"),
        _("Only where this installation has a gateway for text messages. They cost money and can be forwarded."),
    ),
    "code_minutes": (_("Minutes a code lives"), _("E-mails may take some minutes to arrive.")),
    "code_attempts": (_("Tries for a code"), _("More tries make guessing easier, in proportion.")),
    "code_cooldown_seconds": (
        _("Seconds between two codes"),
        _("For one browser and one purpose, so that a second click sends no second letter."),
    ),
    "codes_per_contact_hour": (_("Codes an hour for an address"), _("All purposes together.")),
    "codes_per_contact_day": (
        _("Codes a day for an address"),
        _("All purposes together; this bounds how likely guessing is."),
    ),
    "codes_per_network_hour": (_("Codes an hour, per network"), _("Shared networks may ask for more.")),
    "prepayment": (
        _("The service fee is paid in advance"),
        _("Off: it is paid at the counter, and whoever holds places on speculation loses nothing."),
    ),
    "vouchers": (_("Vouchers sold for cash are taken"), _("For people without a card that works on the internet.")),
    "radar": (_("Look for groups with much in common"), _("Staff get a queue; nothing is ever decided by itself.")),
    "radar_threshold": (
        _("Points from which a group is shown"),
        _("Lower: more groups to look at, more of them harmless."),
    ),
}
