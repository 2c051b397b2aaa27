"""What the service does: `writing` is the worker's, `reading` everybody else's."""
