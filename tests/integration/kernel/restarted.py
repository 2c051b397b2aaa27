"""The probe under a supervisor: whatever kills it, it is there again at once.

Run as ``python -m tests.integration.kernel.restarted <service>``.  Each life is a fork
of this process, which has imported everything; it ends with its parent.
"""

import ctypes
import signal

from eventlet import patcher

from tests.integration.kernel import probe

_PR_SET_PDEATHSIG = 1


if __name__ == "__main__":
    os = patcher.original("os")
    while True:
        life = os.fork()
        if life == 0:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            probe.main()
        os.waitpid(life, 0)
