"""What an application and a contract may become, and by which rules.

Pure: instants, ids, settings and foreign answers come as arguments.
"""
