"""`python -m services.audit run | work | migrate | check | replay`."""

from kernel.commands import main

main("audit")
