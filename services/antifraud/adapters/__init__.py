"""Clients of the National Bank's centre, of onboarding and of the operators."""

from services.antifraud.adapters.alarms import LoggedAlarms
from services.antifraud.adapters.centre import HttpCentre, http_centre
from services.antifraud.adapters.pictures import RpcPictures

__all__ = ["HttpCentre", "LoggedAlarms", "RpcPictures", "http_centre"]
