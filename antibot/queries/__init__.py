"""Reads that doors, pages and staff need."""
