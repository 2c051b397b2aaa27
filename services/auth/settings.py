"""Everything the environment may say to the processes `auth` and `gateway`.

Both read the same class: what only one of them is given is optional here, and the
wiring of the other refuses to start without it.
"""

from dataclasses import dataclass
from pathlib import Path

from kernel.errors import Broken
from kernel.settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PlatformSettings):
    """`public_host` is the site's name as clients know it (clause 1.2a).

    The process `auth` needs the `sms_url` and the client certificate for it, and signs
    what members of the staff may do with `staff_key`, which nobody else holds; the
    process `gateway` listens on `host`:`port`, shows `server_cert` to the web tier
    (browsers find it at `public_port`) and notes ordinary reads in the folder `reads`.
    """

    public_host: str
    public_port: int = 443
    host: str = "127.0.0.1"
    port: int
    sms_url: str | None = None
    outer_ca: Path | None = None
    outer_cert: Path | None = None
    outer_key: Path | None = None
    server_cert: Path | None = None
    server_key: Path | None = None
    reads: Path | None = None
    staff_key: Path | None = None


def given(value: Path | str | None, *, name: str) -> str:
    """The value as text; Broken when this process was not told it."""
    if value is None:
        raise Broken(f"The environment is not usable: AUTH_{name} is missing")
    return str(value)
