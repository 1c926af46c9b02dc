"""Reads, one for each page."""
