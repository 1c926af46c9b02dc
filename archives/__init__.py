"""Visa files, retention, erasure, copy requests, and the inventory of personal data."""
