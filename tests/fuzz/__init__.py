"""Generated requests against the whole API (case B11)."""
