"""`manage.py prepare`: everything between empty servers and a first page, in one process."""

from __future__ import annotations

import argparse
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from psycopg2 import errors, sql

from visa_booking.migrating import migrate_all


class Command(BaseCommand):
    """Databases where they are missing, translations, migrations, and demo data on the first start if asked for."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []  # checks ask the database, which may not be there yet

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Two switches."""
        parser.add_argument("--demo", action="store_true", help="make demo data where there is no post yet")
        parser.add_argument("--databases-only", action="store_true", help="only see that the databases exist")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is missing; running it twice changes nothing."""
        for database in settings.DATABASES.values():
            create_database(database)
        if options["databases_only"]:
            return
        call_command("compile_catalogs", verbosity=0)
        migrate_all()
        if options["demo"]:
            call_command("demo", "--if-empty")


def create_database(entry: dict[str, Any]) -> None:
    """Create the database of a settings entry where its server does not have it.

    Where the role may not create databases, or the name exists, nothing happens: the connection that follows says
    what is wrong better than this could.
    """
    arguments = {"host": entry["HOST"], "port": entry["PORT"], "user": entry["USER"], "password": entry["PASSWORD"]}
    arguments = {name: value for name, value in arguments.items() if value} | entry["OPTIONS"]
    try:
        connection = psycopg2.connect(dbname="postgres", **arguments)
    except psycopg2.OperationalError:
        return
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [entry["NAME"]])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(entry["NAME"])))
    except (errors.DuplicateDatabase, errors.InsufficientPrivilege, errors.UniqueViolation):
        pass
    finally:
        connection.close()
