"""Reads, one function for the page it feeds."""
