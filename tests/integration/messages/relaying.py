"""One service's relay in a process of its own, to be killed.

Run as ``python -m tests.integration.messages.relaying <service>``, with the
environment of that service's process.
"""

import sys
import threading

from kernel.outbox import Relay, Signer
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read

if __name__ == "__main__":
    service = sys.argv[1]
    platform = Platform.open(read(PlatformSettings, prefix=service))
    Relay(
        platform.database.engine,
        platform.broker,
        Signer(service, platform.signing_key),
    ).run(threading.Event())
