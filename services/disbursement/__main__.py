"""``python -m services.disbursement run | work | witness | migrate | check``."""

from kernel.commands import main

main("disbursement")
