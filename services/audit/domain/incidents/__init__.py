"""Incidents of information security, from the first alert to the lesson (clause 7)."""
