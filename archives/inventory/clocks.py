"""The clocks, each a sentence that people read on the privacy page."""

from django.utils.translation import gettext_lazy as _

from archives.inventory.registry import Clock

VISA_FILE = Clock(
    "visa_file",
    _(
        "Five years from the event that the law names (expiry of the visa, refusal, creation of a file that was "
        "withdrawn), then erased the following night. At once when the person becomes a national of a Member State."
    ),
    "visa files",
)
PART = Clock(
    "part",
    _("Fingerprints one month after the decision; the data of a refusal as soon as its annulment is final."),
    "visa files",
)
RECORD = Clock("record", _("One year after the period of the file has ended."), "visa files")
LITIGATION = Clock("litigation", _("Until the end of the legal claim, with a last day fixed beforehand."), "visa files")
IMPORT = Clock("import", _("Until the row is imported; rows that were refused, seven days."), "imports")
DATA_REQUEST = Clock("data_request", _("One year after the answer."), "data_requests")
LETTER = Clock("letter", _("The content is emptied when the letter is sent; the rest one month later."), "letters")
SESSION = Clock("session", _("Until the end of the session, twelve hours at most."), "sessions")
COPY = Clock(
    "copy",
    _(
        "One year after the decision, or after the silence that decides; a form that was not finished, one day. The "
        "copy of the identity document is deleted as soon as identity is verified."
    ),
    "copy_requests",
)
DRAFT = Clock("draft", _("One day after the last change."), "drafts")
BOOKING = Clock(
    "booking", _("Six months after the appointment, or after the request has ended."), "appointments.requests"
)
PAUSE = Clock("pause", _("Until the pause is over: days."), "appointments.pauses")
REPORT = Clock("report", _("Six months after the decision on the report."), "appointments.reports")
CODE = Clock(
    "code", _("A code is valid for minutes; its row stays a day, because the limits per day count it."), "antibot.codes"
)
CAPTCHA = Clock("captcha", _("Minutes."), "antibot.captchas")
NETWORK = Clock(
    "network", _("A block ends by itself, after hours or days; its row stays six months."), "antibot.blocks"
)
SIGHTING = Clock("sighting", _("Six months."), "antibot.sightings")
APPEAL = Clock("appeal", _("Six months after the decision."), "antibot.appeals")
CASE = Clock("case", _("Six months after the decision, or after the last observation."), "antibot.cases")
ACT = Clock("act", _("Eight days."), "antibot.acts")
EVENT = Clock("event", _("One month."), "antibot.events")
SANDBOX = Clock("sandbox", _("One month; only on installations for trials."), "antibot.sandbox")
ACCOUNTS = Clock(
    "accounts", _("Ten years: accounts. Amount, date and reference, without name and without passport."), "accounting"
)
STAFF = Clock(
    "staff",
    _("As long as the account is used; after a year without use, and a notice, it is emptied."),
    "accounts.unused",
)
SIGN_IN = Clock("sign_in", _("Six months."), "accounts.forget_old")
ACCESS = Clock("access", _("One year."), "accounts.forget_old")
HISTORY = Clock("history", _("As long as the row whose changes it shows, and without its encrypted fields."), "history")
DOOMED = Clock("doomed", _("Seconds: until the keys are destroyed."), "visa files")
