"""Clients of the National Bank's centre and of the operators."""

from services.antifraud.adapters.alarms import LoggedAlarms
from services.antifraud.adapters.centre import HttpCentre, http_centre

__all__ = ["HttpCentre", "LoggedAlarms", "http_centre"]
