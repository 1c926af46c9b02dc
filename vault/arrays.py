"""Many values as one parameter.

The driver writes an array as one expression for each element, which PostgreSQL parses and plans one by one: for two
thousand keys that costs more than the rows. As one literal (`'{…}'::uuid[]`) it is a single constant.
"""

import uuid
from collections.abc import Iterable


def uuids(values: Iterable[uuid.UUID]) -> str:
    """For `%s::uuid[]`."""
    return "{" + ",".join(value.hex for value in values) + "}"


def byteas(values: Iterable[bytes]) -> str:
    """For `%s::bytea[]`."""
    return "{" + ",".join('"\\\\x' + value.hex() + '"' for value in values) + "}"


def bigints(values: Iterable[int]) -> str:
    """For `%s::bigint[]`."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str]) -> str:
    """For `%s::text[]`."""
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"
