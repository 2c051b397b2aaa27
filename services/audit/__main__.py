"""`python -m services.audit run | work | migrate | check`."""

from kernel.commands import main

main("audit")
