"""Watching together: figures counted once, dashboards, the public page, the weekly report, alerts."""
