"""Pages of staff."""

from archives.admin import coming, erasing, files, importing, searching, wishes
from archives.copies import admin as copies

__all__ = ["coming", "copies", "erasing", "files", "importing", "searching", "wishes"]
