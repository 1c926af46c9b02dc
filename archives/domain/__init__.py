"""Rules of the archive in plain Python: no Django, no clock, no chance of their own."""
