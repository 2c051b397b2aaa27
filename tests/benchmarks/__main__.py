import pathlib
import shutil
import sys
import tempfile
import time

import infra.stack
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import ROWS

rows = [a for a in sys.argv[1:] if not a.isdigit()] or list(ROWS)
rounds = int(next((a for a in sys.argv[1:] if a.isdigit()), "3"))
folder = pathlib.Path(tempfile.mkdtemp(prefix="kredit-bench-"))
folder.chmod(0o755)
stack = infra.stack.start(folder)
try:
    with Bench.on(stack) as bench:
        for key in rows:
            row = ROWS[key]
            for r in range(rounds):
                for name, measure in row.parties.items():
                    bench.empty()
                    t = time.time()
                    f = measure(bench, row.size)
                    print(key, r, name, dict(f), f"{time.time() - t:.1f}s", flush=True)
finally:
    stack.stop()
    shutil.rmtree(folder, ignore_errors=True)
