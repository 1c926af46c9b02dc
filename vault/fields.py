"""Model fields that are encrypted in the database and plain in Python."""

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db import models

from vault.cipher import decrypt, encrypt

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


class EncryptedTextField(_Field):
    """Text (UTF-8), stored as ciphertext in a bytea. It cannot be searched: look-ups use a blind index beside it."""

    def get_internal_type(self) -> str:
        """A bytea column."""
        return "BinaryField"

    @property
    def place(self) -> str:
        """The name of the column that its values are bound to."""
        return f"{self.model._meta.label_lower}.{self.name}"

    def _to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def _from_bytes(self, value: bytes) -> Any:
        return value.decode()

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The ciphertext. It is made here and nowhere earlier, so that a value is never encrypted twice."""
        if value is None or isinstance(value, connection.Database.Binary):
            return value
        return connection.Database.Binary(encrypt(self._to_bytes(value), self.place))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The plain value. Raises UnreadableError where its key is gone."""
        return None if value is None else self._from_bytes(decrypt(bytes(value), self.place))

    def value_to_string(self, obj: models.Model) -> str:
        """Raises FieldError: dumps for people hold no personal data."""
        raise FieldError(f"{self.place} holds personal data and is not serialised.")

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull` has a meaning on a ciphertext."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.place} is encrypted: search by its blind index.")

    def formfield(self, **kwargs: Any) -> Any:
        """A plain text field: what is encrypted is the column, not the form."""
        return super().formfield(**kwargs)


class EncryptedJSONField(EncryptedTextField):
    """Anything that JSON can hold, encrypted."""

    def _to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def _from_bytes(self, value: bytes) -> Any:
        return json.loads(value)
