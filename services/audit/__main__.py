"""`python -m services.audit run | work | sign | migrate | check`."""

from kernel.commands import main

main("audit")
