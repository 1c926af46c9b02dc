"""Tables of the archive."""

from archives.models.erasing import Doomed, ErasureEntry, ErasureRun, ProcessingRecord, RestrictedCopy
from archives.models.files import FileDocument, FileEvent, FileLink, Hold, SealedPart, VisaFile
from archives.models.importing import ImportBatch, ImportRow
from archives.models.keys import FileKey
from archives.models.wishes import DataRequest

__all__ = [
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
    "ProcessingRecord",
    "RestrictedCopy",
    "SealedPart",
    "VisaFile",
]
