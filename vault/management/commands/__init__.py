"""`manage.py` commands of the vault."""
