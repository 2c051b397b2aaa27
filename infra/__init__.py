"""What the platform stands on: keys, database, broker, supervisor, outer world.

Nothing here ships: services and the kernel never import it, and it imports neither.
"""
