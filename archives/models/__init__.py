"""Tables of the archive."""

from archives.models.copies import CopyDelivery, CopyRequest, CopySettings, CopyUpload, OfficialDomain
from archives.models.erasing import Doomed, ErasureEntry, ErasureRun, ProcessingRecord, RestrictedCopy
from archives.models.files import FileDocument, FileEvent, FileLink, Hold, SealedPart, VisaFile
from archives.models.importing import ImportBatch, ImportRow
from archives.models.keys import FileKey
from archives.models.wishes import DataRequest

__all__ = [
    "CopyDelivery",
    "CopyRequest",
    "CopySettings",
    "CopyUpload",
    "DataRequest",
    "Doomed",
    "ErasureEntry",
    "ErasureRun",
    "FileDocument",
    "FileEvent",
    "FileKey",
    "FileLink",
    "Hold",
    "ImportBatch",
    "ImportRow",
    "OfficialDomain",
    "ProcessingRecord",
    "RestrictedCopy",
    "SealedPart",
    "VisaFile",
]
