"""The archive's own tables."""

from django.utils.translation import gettext_lazy as _

from archives.inventory import clocks
from archives.inventory.registry import nobody, person

_PURPOSE = _("To decide on visa applications, to know decisions taken, and to give copies of visas that were issued.")
_VIS = "Regulation (EC) 767/2008 art. 23; CESEDA R. 142-64"

TABLES = (
    person(
        "archives.VisaFile",
        "sealed created_on status start_date category file_number_index passport_index visa_number_index birth_index"
        " email_index name_keys mentions import_digest",
        "id post_key profile state start_basis ordinary_last_day gone_from advance_basis floor_until entered_at",
        _("Visa file: identity, travel document, address, purpose of the journey, the visa and the decision"),
        _PURPOSE, _VIS, clocks.VISA_FILE,
    ),
    person(
        "archives.FileEvent", "type date valid_from valid_until category value",
        "id file field recorded_at recorded_by",
        _("Dates and kinds of the decisions on a visa file"), _PURPOSE, _VIS, clocks.VISA_FILE,
    ),
    person(
        "archives.FileLink", "first second", "id kind",
        _("Links between the files of people who travel together, and to earlier files"),
        _PURPOSE, "Regulation (EC) 767/2008 art. 8(3), 8(4), 23(2)", clocks.VISA_FILE,
    ),
    person(
        "archives.FileDocument", "blob", "id file kind media_type size stored_at",
        _("Individual file: form, supporting documents, list of checks, reference of the visa"),
        _PURPOSE, "Regulation (EC) 810/2009 art. 37(3)", clocks.VISA_FILE,
    ),
    person(
        "archives.SealedPart", "sealed", "id file kind gone_from basis",
        _("Fingerprints, and the grounds of a refusal"), _PURPOSE,
        "Regulation (EC) 767/2008 art. 25(3); CESEDA R. 142-64 II", clocks.PART,
    ),
    person(
        "archives.Hold", "file legal_basis ends_by lifted_on reason set_by", "id set_at",
        _("That a visa file is the subject of a legal claim"), _("To establish or defend a legal claim."),
        "Regulation (EU) 2016/679 art. 17(3)(e), 18", clocks.LITIGATION,
    ),
    person(
        "archives.RestrictedCopy", "sealed", "id post_key legal_basis allowed_from gone_from",
        _("Copy of an erased visa file for a legal claim"), _("To establish or defend a legal claim."),
        "Regulation (EU) 2016/679 art. 17(3)(e), 18", clocks.LITIGATION,
    ),
    person(
        "archives.ProcessingRecord", "file_ref actor", "id post_key purpose kind_of_data at gone_from",
        _("Records of who processed which kind of data, when and why"), _("To check that data are used lawfully."),
        "Regulation (EC) 767/2008 art. 34", clocks.RECORD,
    ),
    person(
        "archives.ImportRow", "content", "id batch line outcome problems",
        _("Rows of files that are being imported"), _PURPOSE, _VIS, clocks.IMPORT,
    ),
    person(
        "archives.ImportBatch", "author", "id post_key state made_at finished_at columns",
        _("Which member of staff imported files"), _("To check that data are used lawfully."),
        "Regulation (EU) 2016/679 art. 5(2)", clocks.IMPORT,
    ),
    person(
        "archives.FileKey", "ref", "id part wrapped made_at",
        _("Keys of visa files; without the key a file cannot be read, in any backup"),
        _("So that erasure is final: the keys' own backups live seven days at most."),
        "Regulation (EU) 2016/679 art. 32", clocks.VISA_FILE,
    ),
    person(
        "archives.Doomed", "refs blobs", "id parts at",
        _("Numbers of keys that are about to be destroyed"), _("So that an erasure that was interrupted is completed."),
        "Regulation (EU) 2016/679 art. 32", clocks.DOOMED,
    ),
    person(
        "archives.DataRequest", "contact contact_index text language answer answered_by", "id kind made_at answered_at",
        _("Requests for correction or erasure, and the answers"), _("To answer you."),
        "Regulation (EU) 2016/679 art. 16, 17; Regulation (EC) 767/2008 art. 38", clocks.DATA_REQUEST,
    ),
    nobody(
        "archives.ErasureRun",
        "id for_day state started_at finished_at missed_nights stale_files erased_files failure",
    ),
    nobody("archives.ErasureEntry", "id run number at what profile basis first_day last_day rows counts digest"),
)  # fmt: skip
