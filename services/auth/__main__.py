"""The processes of auth: run · serve · migrate · check; and `staff-bootstrap`."""

from kernel.commands import main

main("auth", own={"staff-bootstrap": "invite_first"})
