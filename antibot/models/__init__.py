"""Tables of antibot."""

from antibot.models.codes import DisposableDomain, OneTimeCode
from antibot.models.events import OutboxEvent
from antibot.models.networks import Appeal, NetworkBlock, NetworkRange
from antibot.models.payments import Charge, Checkout, Payment, PaymentEvent
from antibot.models.policy import PolicyVersion, ShadowTally
from antibot.models.radar import RadarCase, Sighting
from antibot.models.sandbox import SandboxNotice, SandboxOrder
from antibot.models.tallies import Act, GuardTally
from antibot.models.vouchers import Voucher, VoucherBatch

__all__ = [
    "Act",
    "Appeal",
    "Charge",
    "Checkout",
    "DisposableDomain",
    "GuardTally",
    "NetworkBlock",
    "NetworkRange",
    "OneTimeCode",
    "OutboxEvent",
    "Payment",
    "PaymentEvent",
    "PolicyVersion",
    "RadarCase",
    "SandboxNotice",
    "SandboxOrder",
    "ShadowTally",
    "Sighting",
    "Voucher",
    "VoucherBatch",
]
