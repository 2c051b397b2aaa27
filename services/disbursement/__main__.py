"""``python -m services.disbursement run | work | migrate | check``."""

from kernel.commands import main

main("disbursement")
