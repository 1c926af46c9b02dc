#!/usr/bin/env python
"""Django's command line. `python3 dev.py manage …` is the same with the services up."""

import os
import sys


def main() -> None:
    """Run a management command; without a choice of settings, those of development."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.development")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
