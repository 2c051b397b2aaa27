"""What the two ends of the event load and its judge share."""

from typing import Final

from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, Uuid

from kernel.bus import Interest

PUBLISHER: Final = "contracts"
LISTENER: Final = "disbursement"
WISHES: Final = {
    PUBLISHER: [Interest(LISTENER, "payout")],
    LISTENER: [Interest(PUBLISHER, "contract")],
}
DUPLICATES: Final = "FAULTS_DUPLICATES"
"""Variable naming the file in which the listener tallies absorbed repetitions."""

metadata: Final = MetaData()
effects: Final = Table(
    "effects",
    metadata,
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
)
