"""``python -m services.disbursement run | work | migrate | check | replay``."""

from kernel.commands import main

main("disbursement")
