"""`python -m services.contracts <verb>`."""

from kernel.commands import main

main("contracts")
