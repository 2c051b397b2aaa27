"""Time stamps in the real database and folder."""

from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from services.audit.handlers.stamping import Stamping
from services.audit.storage.reading import ReadingUnits
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.test_log import write
from tests.unit.audit.builders import Producer
from tests.unit.audit.test_stamping import Stamper


@pytest.mark.clause("3.2b")
def test_a_stamp_is_kept_in_both_places_and_never_changed(stand: LogStand) -> None:
    """Two days; the folder has what the table has; the table takes no change."""
    writer, producer, stamping = stand.writer(), Producer(), Stamping()
    platform = stand.platform("audit")
    stamper = Stamper(stand.clock)
    for day in range(2):
        write(stand, [producer.event() for _ in range(3)], producer=producer)
        for _ in range(2):
            stamping.beat(
                stamper=stamper,
                units=ReadingUnits(
                    platform.database, platform.context(), platform.field_keys
                ),
                board=writer.board,
                clock=stand.clock,
                ids=platform.ids,
            )
        assert len(stamper.asked) == day + 1
        stand.clock.move(86_400)
    folder = writer.platform.settings.checkpoint_dir
    rows = stand.rows("SELECT size, checkpoint, reply FROM audit_stamp ORDER BY size")
    assert [row.size for row in rows] == stamper.asked == [4, 7]
    for row in rows:
        for end, content in (("checkpoint", row.checkpoint), ("tsr", row.reply)):
            kept = Path(folder) / "timestamps" / f"{row.size}.{end}"
            assert kept.read_bytes() == bytes(content)
    for change in ("DELETE FROM audit_stamp", "UPDATE audit_stamp SET size = 1"):
        with pytest.raises(DBAPIError, match="rows are only ever added"):
            stand.as_owner(change)
