"""Requests for a copy of an issued visa, from the form to the deletion of what was uploaded."""
