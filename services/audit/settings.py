"""What the environment may say to the processes `audit` and `audit-worker`."""

from dataclasses import dataclass
from pathlib import Path

from kernel.settings import LogLevel, PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PlatformSettings):
    """The worker has a signer apart sign, behind `signer_socket`.

    Or, where one machine is all there is, it opens `log_key` itself, and
    `log_key_before`, the key it succeeds: both sign for as long as it is named. A
    reader needs only the vkey.

    `policy` says which witnesses are asked, and how many are enough (C2SP tlog-policy,
    with their addresses); `witness_ca` certifies those addresses.

    `notices_url` is the root of the listener of the bodies that are told of incidents;
    the process that writes the log speaks to nobody outside and is not told.

    `broker_guard` is the socket of the process that keeps out of the broker whom an
    incident keeps out; where there is none, that order is an alarm for a person.

    `anchor` and `checkpoint_dir` may not exist yet, so they are texts here. Keep the
    anchor where no backup of the database reaches,
    and the archive, which is the log's second copy, on another medium.
    """

    origin: str
    anchor: str
    checkpoint_dir: str
    signer_socket: str | None = None
    log_key: Path | None = None
    log_key_before: Path | None = None
    policy: Path | None = None
    witness_ca: Path | None = None
    notices_url: str | None = None
    broker_guard: str | None = None
    outer_ca: Path | None = None
    outer_cert: Path | None = None
    outer_key: Path | None = None
    gap_grace_s: int = 60
    publish_every_s: int = 10
    patrol_rows_per_s: int = 2_000
    patrol_rest_s: int = 60
    index_tiles_per_s: int = 40
    archive_dir: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSettings:
    """The whole of what `audit-signer` is told: no database, no broker, no address.

    `signer_state` is a file of its own, which may not exist yet: what it has signed. It
    must outlive the process, and no backup may be put in its place.
    """

    origin: str
    log_key: Path
    signer_socket: str
    signer_state: str
    log_key_before: Path | None = None
    log_level: LogLevel = "info"
