"""What the log shows of itself: rules over the stream of events (clause 6.1d)."""
