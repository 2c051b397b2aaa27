"""`python -m infra.pki`: make or renew certificates and keys; say what changed."""

import sys
import time
from datetime import UTC, datetime

from infra import pki
from infra.layout import Layout, StateFolderError, state_folder


def main() -> int:
    """Exit status: 0 done, 1 when the state folder cannot be used."""
    layout = Layout(state_folder())
    try:
        made = pki.ensure(layout, now=datetime.fromtimestamp(time.time(), UTC))
    except StateFolderError as refusal:
        print(f"pki: {refusal}", file=sys.stderr)
        return 1
    print(f"pki: made {', '.join(made)}" if made else "pki: nothing is due")
    return 0


if __name__ == "__main__":
    sys.exit(main())
