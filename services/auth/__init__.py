"""Who the client is at the door, and what we tell the client's phone."""
