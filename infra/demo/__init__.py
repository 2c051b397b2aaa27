"""The journey of one loan as a newcomer sees it: ``python -m infra.demo``.

Speaks to the platform only as the outside does: HTTPS to the gateway, and the control
doors of the simulated outer world.  The end-to-end tests drive the same borrower.
"""
