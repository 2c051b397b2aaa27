"""The processes of auth: run · serve · migrate · check · replay."""

from kernel.commands import main

main("auth")
