"""Appointments."""

# ruff: noqa: E501 - a row of the table is a line

from django.utils.translation import gettext_lazy as _

from archives.inventory import clocks
from archives.inventory.registry import nobody, person

_BOOK = _("To give you an appointment, to check at the counter that you are the person who booked it.")
_RULED = _("Which member of staff decided a version of the rules")
_ANSWER = _("So that whoever decides rules answers for them.")
_TASK = "Regulation (EU) 2016/679 art. 6(1)(e)"
_EVENT = "pgh_id pgh_created_at pgh_label pgh_obj pgh_context"

TABLES = (
    person(
        "appointments.Draft", "payload session_hash", "id public_id service request created_at updated_at",
        _("What you are typing and have not sent yet"), _BOOK, _TASK, clocks.DRAFT,
    ),
    person(
        "appointments.Request", "ticket_id contact contact_index language earliest latest weekdays",
        "id reference service state ended_reason quota size draws_lost priority_draws first_day last_day short_notice"
        " origin letters entered_at ended_at",
        _("Request for an appointment: e-mail address or telephone number, days and hours that suit you"),
        _BOOK, _TASK, clocks.BOOKING,
    ),
    person(
        "appointments.Person",
        "family_name given_names birth_date nationality passport_country passport_number france_visas"
        " france_visas_index identity_scope identity_index",
        "id request position living",
        _("Each person of a request: names, date of birth, nationality, passport number, France-Visas number"),
        _BOOK, _TASK, clocks.BOOKING,
    ),
    person(
        "appointments.Correction", "person field distance reason author", "id created_at transaction_id",
        _("That a typing mistake in a name or number was mended, by whom and why; not the values"),
        _BOOK, _TASK, clocks.BOOKING,
    ),
    person(
        "appointments.CoolingOff", "identity_scope identity_index", "id until reason",
        _("A pause for a passport after a cancellation, as an index that cannot be read"),
        _("So that cancelling and booking again gains nothing."), _TASK, clocks.PAUSE,
    ),
    person(
        "appointments.Booking", "local_day local_time finished_by",
        "id request reference state origin draw amount_cents currency created_at hold_until paid_at finished_at",
        _("Your appointment: day, hour, state, amount"), _BOOK, _TASK, clocks.BOOKING,
    ),
    person(
        "appointments.Place", "person outcome outcome_by", "id booking slot living outcome_at",
        _("Whether each person came"), _BOOK, _TASK, clocks.BOOKING,
    ),
    person(
        "appointments.CounterCall", "called_by", "id place counter called_at",
        _("When you were called to a counter"), _BOOK, _TASK, clocks.BOOKING,
    ),
    person(
        "appointments.TillReceipt", "taken_by returned_by", "id booking method taken_at returned_at",
        _("Receipt of a service fee paid at the desk"), _BOOK, _TASK, clocks.BOOKING,
    ),
    person(
        "appointments.TrafficReport", "story contact contact_index language decided_by note",
        "id reference kind medium post centre_only happened_on amount received_on state decided_at",
        _("Report of trade in appointments, and where to answer if you said so"),
        _("To act against trade in appointments."), _TASK, clocks.REPORT,
    ),
    person(
        "appointments.Suspicion", "case subject", "id request noticed_at objection_until outcome decided_at",
        _("That we told you of a suspicion, until when you could object, and what was decided"),
        _("So that nothing is cancelled without a notice, your answer, and a person's decision."), _TASK, clocks.BOOKING,
    ),
    person("appointments.BookingEvent", "finished_by", f"{_EVENT} state", _("History of an appointment"), _BOOK, _TASK, clocks.HISTORY),
    person("appointments.PlaceEvent", "outcome outcome_by", _EVENT, _("History of an appointment"), _BOOK, _TASK, clocks.HISTORY),
    person("appointments.RequestEvent", "pgh_obj", "pgh_id pgh_created_at pgh_label pgh_context state ended_reason priority_draws", _("History of an appointment"), _BOOK, _TASK, clocks.HISTORY),
    person("appointments.TrafficReportEvent", "decided_by", f"{_EVENT} state", _("History of a report"), _("To act against trade in appointments."), _TASK, clocks.HISTORY),
    nobody("appointments.Provider", "id name"),
    nobody("appointments.Post", "id key name_fr name_ar name_en country timezone provider consulate identity_group languages address contact_email capacity_per_day to_confirm source certainty is_open closed_reason"),
    nobody("appointments.Category", "id code kind identity_family label_fr label_ar label_en documents_fr documents_ar documents_en consular_fee_cents consular_fee_note urgent_possible vis_scope to_confirm"),
    nobody("appointments.Service", "id post category slug duration_minutes service_fee_cents currency payment_deadline_hours hold_minutes largest_group asks_france_visas cooling_off_days refund_hours_before request_life_days to_confirm is_open"),
    nobody("appointments.Counter", "id post number label"),
    nobody("appointments.Figure", "id span post service first_day entered people desk_entered released draws tickets winners booked paid cancelled expired returned due attended no_show late mismatched corrected calls call_minutes reports waits"),
    person("appointments.ReleasePolicy", "author", "id service version mode release_from release_until tick_seconds slots_per_day largest_release lead_min_days lead_max_days claim_window_seconds batch_time urgent_percent first_come_percent late_days late_slots_per_day cooldown_days reason created_at", _RULED, _ANSWER, _TASK, clocks.STAFF),
    person("appointments.ServiceTerms", "author", "id service version payment_deadline_hours hold_minutes cooling_off_days refund_hours_before largest_group request_life_days asks_france_visas reason created_at", _RULED, _ANSWER, _TASK, clocks.STAFF),
    nobody("appointments.Draw", "id service policy standby state opened_at closes_at source committed_at list_hash previous_hash round randomness signature drawn_at result_hash slots_count tickets_count people_count winners_count assigned_count closed_count postponed_reason"),
    nobody("appointments.DrawDocument", "id draw part body plain_bytes"),
    nobody("appointments.Release", "id service policy tick stream kind draw opened_at slots_count pool_size"),
    nobody("appointments.Slot", "id service counter local_day local_time starts_at ends_at state quota release returned_at"),
    nobody("appointments.PoolDay", "id service local_day count"),
    nobody("appointments.TickMark", "id service stream last_tick"),
    nobody("appointments.TickTally", "id service policy stream local_day ticks releases slots"),
    nobody("appointments.OpeningHours", "id counter service weekday opens closes first_day last_day"),
    nobody("appointments.Break", "id post weekday starts ends"),
    nobody("appointments.Closure", "id post counter first_day last_day starts ends reason"),
    nobody("appointments.Holiday", "id post day name country observed to_confirm decided_by_staff"),
    nobody("appointments.PostEvent", f"{_EVENT} id key name_fr name_ar name_en country timezone provider consulate identity_group languages address contact_email capacity_per_day to_confirm source certainty is_open closed_reason"),
    nobody("appointments.ServiceEvent", f"{_EVENT} id post category slug duration_minutes service_fee_cents currency payment_deadline_hours hold_minutes largest_group asks_france_visas cooling_off_days refund_hours_before request_life_days to_confirm is_open"),
    nobody("appointments.CategoryEvent", f"{_EVENT} id code kind identity_family label_fr label_ar label_en documents_fr documents_ar documents_en consular_fee_cents consular_fee_note urgent_possible vis_scope to_confirm"),
    nobody("appointments.CounterEvent", f"{_EVENT} id post number label"),
    nobody("appointments.OpeningHoursEvent", f"{_EVENT} id counter service weekday opens closes first_day last_day"),
    nobody("appointments.BreakEvent", f"{_EVENT} id post weekday starts ends"),
    nobody("appointments.ClosureEvent", f"{_EVENT} id post counter first_day last_day starts ends reason"),
    nobody("appointments.HolidayEvent", f"{_EVENT} id post day name country observed to_confirm decided_by_staff"),
)  # fmt: skip
