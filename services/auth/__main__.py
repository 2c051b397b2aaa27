"""The processes of auth: run · serve · migrate · check."""

from kernel.commands import main

main("auth")
