"""Pages of staff."""

from archives.admin import coming, erasing, file_desk, files, importing, restricted, searching, wishes
from archives.copies import admin as copies

__all__ = ["coming", "copies", "erasing", "file_desk", "files", "importing", "restricted", "searching", "wishes"]
