"""The operators' door: `python -m services.disbursement.cli status`."""

from kernel.cli import main

if __name__ == "__main__":
    main("disbursement")
