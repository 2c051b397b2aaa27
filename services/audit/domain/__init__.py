"""What the audit log is: leaves, their tree, signed checkpoints, and what goes in.

Formats: RFC 6962 section 2.1 (tree), C2SP signed-note, tlog-checkpoint, tlog-tiles.
"""
