"""The inventory of personal data of the whole project: every field of every table has a decision here.

A field that nobody decided about fails a test; the public privacy page is made from these rows.
"""

from archives.inventory.registry import Clock, Table, all_tables, table_of, undecided

__all__ = ["Clock", "Table", "all_tables", "table_of", "undecided"]
