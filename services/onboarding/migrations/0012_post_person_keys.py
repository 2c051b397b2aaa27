"""No older code is left: keys are made, for everybody; no photo waits unseen."""

from alembic import op

revision = "0012_post"
down_revision = "0011_pre"
branch_labels = None
depends_on = None

# Dropping the trigger waits for every transaction that was passed over by it: the
# registrations of those are found by the second statement.
FROM_NOW_ON = """
DROP TRIGGER person_keys_not_yet ON person_keys;
DROP FUNCTION make_no_key_yet();
INSERT INTO person_keys (client_id, look_at)
    SELECT client_id, expires_at FROM registrations ON CONFLICT DO NOTHING;
"""

# Photos that older code let wait are in no queue yet.
PASSED_OVER = """
INSERT INTO reviews (review_id, kind, client_id, registration_id, subject_id,
        opened_at, until, term_left_s)
    SELECT photo_judgements.photo_id,
        CASE photo_judgements.verdict WHEN 'held' THEN 'photo_held'
            ELSE 'photo_in_doubt' END,
        registrations.client_id, registrations.registration_id,
        photo_judgements.photo_id, photo_judgements.judged_at,
        photo_judgements.judged_at + interval '72 hours', 3600
    FROM photo_judgements JOIN registrations ON
        registrations.registration_id = photo_judgements.registration_id
    WHERE photo_judgements.photo_sealed IS NOT NULL
        AND registrations.state IN ('photo_in_review', 'photo_held')
        AND NOT EXISTS (SELECT FROM reviews
            WHERE reviews.subject_id = photo_judgements.photo_id);
"""


def upgrade() -> None:
    op.execute(FROM_NOW_ON)
    op.execute(PASSED_OVER)


def downgrade() -> None:
    raise NotImplementedError
