"""OpenSSL as a second opinion: `openssl cms -verify`, with gost-engine for GOST.

Another implementation in another language. Of trust it is asked what it can answer:
signature, path, time; not of usages and persons, which are ours.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import pem

_ENGINES = ("/usr/lib/x86_64-linux-gnu/engines-3/gost.so",)
_CONFIGURATION = """
openssl_conf = openssl_def
[openssl_def]
engines = engines
[engines]
gost = gost
[gost]
engine_id = gost
dynamic_path = {engine}
default_algorithms = ALL
"""


def engine() -> str | None:
    """Where gost-engine is (Debian: libengine-gost-openssl); None without it."""
    return next((one for one in _ENGINES if Path(one).exists()), None)


@dataclass(frozen=True)
class OpenSsl:
    """`openssl` with a folder of its own; `gost` loads the engine."""

    folder: Path
    gost: bool

    @property
    def _environment(self) -> dict[str, str]:
        if not self.gost:
            return dict(os.environ)
        configuration = self.folder / "openssl.cnf"
        text = _CONFIGURATION.format(engine=engine())
        configuration.write_text(text)
        return {**os.environ, "OPENSSL_CONF": str(configuration)}

    def accepts(
        self,
        raw: bytes,
        document: bytes,
        *,
        attached: bool,
        root: bytes,
        issuing: bytes,
        at: datetime,
        crl: bytes | None = None,
    ) -> bool:
        """Whether a CMS over the document verifies up to the root at an instant.

        Given the document, OpenSSL never looks at one inside: an attached one is
        compared when it comes out.
        """
        files = {"cms": raw, "document": document}
        authorities = (pem.armor("CERTIFICATE", one) for one in (root, issuing))
        files["authorities"] = b"".join(authorities)
        if crl is not None:
            files["authorities"] += pem.armor("X509 CRL", crl)
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        program = shutil.which("openssl")
        assert program is not None
        finished = subprocess.run(
            [
                program,
                "cms",
                "-verify",
                "-binary",
                *("-inform", "DER", "-in", "cms"),
                *(() if attached else ("-content", "document")),
                *("-CAfile", "authorities"),
                *(() if crl is None else ("-crl_check",)),
                *("-purpose", "any", "-attime", str(int(at.timestamp()))),
                *("-out", "out"),
            ],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if finished.returncode != 0:
            return False
        return (self.folder / "out").read_bytes() == document
