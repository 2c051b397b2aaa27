"""Tables of what is between the National Bank's centre and us."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from services.antifraud.storage.tables import metadata

centre_feed = Table(
    "centre_feed",
    metadata,
    Column("name", Text, primary_key=True),
    Column("after", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("heard_at", DateTime(timezone=True)),
    Column("failures", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True)),
)

centre_item = Table(
    "centre_item",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("item_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("settled_by", Text),
    Column("ground", Text),
)
Index("centre_item_id", centre_item.c.item_id)
Index("centre_item_state", centre_item.c.state)

centre_listing = Table(
    "centre_listing",
    metadata,
    Column("item_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)
Index("centre_listing_key", centre_listing.c.key)

centre_day = Table(
    "centre_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("made_at", DateTime(timezone=True), primary_key=True),
    Column("report", LargeBinary, nullable=False),
    Column("differs", Boolean, nullable=False),
)
