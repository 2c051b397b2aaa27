"""`python -m services.antifraud run | migrate | check | replay`."""

from kernel.commands import main

main("antifraud")
