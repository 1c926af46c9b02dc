"""The confirmation: one page to print, and a file for one's own calendar."""
