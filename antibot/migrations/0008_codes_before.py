"""What the limits on codes count, behind the lock that makes two requests for one contact wait for each other."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

# Each statement of a volatile function sees what was committed when it began: after the lock was waited for.
BEFORE = """
CREATE FUNCTION antibot_codes_before(
    p_lock integer, p_contact bytea, p_network bytea, p_day timestamptz, p_hour timestamptz, p_most integer,
    OUT created timestamptz[], OUT sessions bytea[], OUT purposes text[], OUT of_network bigint
) LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF p_lock IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(1668244581, p_lock);
    END IF;
    SELECT array_agg(c.created_at ORDER BY c.created_at DESC), array_agg(c.session_hash ORDER BY c.created_at DESC),
           array_agg(c.purpose ORDER BY c.created_at DESC)
      INTO created, sessions, purposes
      FROM (SELECT * FROM antibot_onetimecode o WHERE o.contact_index = p_contact AND o.created_at > p_day
             ORDER BY o.created_at DESC LIMIT p_most) c;
    SELECT count(*) INTO of_network
      FROM antibot_onetimecode o WHERE o.network_index = p_network AND o.created_at > p_hour;
END
$$;
"""


class Migration(migrations.Migration):
    """It reads what its callers read before, in one way there and back."""

    dependencies: ClassVar = [("antibot", "0007_appeal_contact_index")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(BEFORE, "DROP FUNCTION antibot_codes_before", elidable=False)
    ]
