"""The platform in containers: who is given which files, and where everybody is.

`compose/` says what runs and who may reach whom; this package makes what the
containers read, with the same generators as the private stack. Each container finds at
`/state` exactly the files its environment names, and nobody else's.
"""
