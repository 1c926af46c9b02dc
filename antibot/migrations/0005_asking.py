"""What every posted form asks and what every hold notes, as functions: plans that a connection makes once."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

# Everything that is kept about who asks. Nothing is sorted out by time here: the caller has the moment that counts.
KNOWN = """
CREATE FUNCTION antibot_known(
    p_address inet, p_network bytea, p_session bytea,
    OUT kinds text[], OUT begins timestamptz[], OUT ends timestamptz[],
    OUT purposes text[], OUT contacts bytea[], OUT opened timestamptz[]
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    SELECT array_agg(r.kind) INTO kinds FROM antibot_networkrange r WHERE r.network >>= p_address;
    SELECT array_agg(b.starts_at), array_agg(b.ends_at) INTO begins, ends
      FROM antibot_networkblock b WHERE b.network_index = p_network AND b.lifted_at IS NULL;
    SELECT array_agg(c.purpose ORDER BY c.used_at), array_agg(c.contact ORDER BY c.used_at),
           array_agg(c.opened_until ORDER BY c.used_at)
      INTO purposes, contacts, opened
      FROM antibot_onetimecode c WHERE c.session_hash = p_session AND c.opened_until IS NOT NULL;
END
$$;
"""
# A sighting, or the subject added to the one that this session made for the identity a moment ago.
SEE = """
CREATE FUNCTION antibot_see(
    p_at timestamptz, p_since timestamptz, p_scope text, p_post text, p_subject text, p_identity bytea,
    p_session bytea, p_network bytea, p_network_index bytea, p_shared boolean, p_contact bytea, p_pattern bytea
) RETURNS void LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    UPDATE antibot_sighting SET subject = p_subject
     WHERE id = (SELECT s.id FROM antibot_sighting s
                  WHERE s.session_hash = p_session AND s.identity_index = p_identity AND s.at > p_since
                    AND s.subject IN ('', p_subject)
                  ORDER BY s.id DESC LIMIT 1);
    IF NOT FOUND THEN
        INSERT INTO antibot_sighting (at, scope_key, post_key, subject, identity_index, session_hash, network,
                network_index, shared, contact_index, pattern_index)
            VALUES (p_at, p_scope, p_post, p_subject, p_identity, p_session, p_network, p_network_index, p_shared,
                p_contact, p_pattern);
    END IF;
END
$$;
"""


class Migration(migrations.Migration):
    """Both only read and write what their callers did before, in one way there and back."""

    dependencies: ClassVar = [("antibot", "0004_names")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(KNOWN, "DROP FUNCTION antibot_known", elidable=False),
        migrations.RunSQL(SEE, "DROP FUNCTION antibot_see", elidable=False),
    ]
