"""`python -m services.antifraud run | migrate | check`."""

from kernel.commands import main

main("antifraud")
