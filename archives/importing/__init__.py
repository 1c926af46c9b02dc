"""Imports: rows in, files out, and a report that can be mended and brought again."""
