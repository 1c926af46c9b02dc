"""Tables to which rows are added, and from which only an erasure takes them."""

import pgtrigger

# Set for one transaction by `archives.erasure.permission`; the trigger runs once a statement, not once a row.
ERASING = "archives.erasing"


def append_only(name: str, *, update_too: bool = True) -> pgtrigger.Trigger:
    """A trigger that refuses DELETE (and UPDATE) outside an erasure, whoever asks and however many rows."""
    operation = (pgtrigger.Update | pgtrigger.Delete) if update_too else pgtrigger.Delete
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=operation,
        func=f"""
            IF coalesce(current_setting('{ERASING}', true), '') <> 'on' THEN
                RAISE EXCEPTION '% is append-only: rows leave it by erasure alone', TG_TABLE_NAME
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        """,
    )
