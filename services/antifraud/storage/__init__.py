"""Tables of antifraud, what is known at an instant by one statement, units of work."""

from services.antifraud.storage.centre import SqlCentreUnit, SqlCentreUnits
from services.antifraud.storage.desk import SqlCaseUnit, SqlCaseUnits
from services.antifraud.storage.investigations import (
    SqlInvestigationUnit,
    SqlInvestigationUnits,
)
from services.antifraud.storage.risk_desk import SqlRiskUnit, SqlRiskUnits
from services.antifraud.storage.tables import metadata
from services.antifraud.storage.unit import SqlUnit, SqlUnits

__all__ = [
    "SqlCaseUnit",
    "SqlCaseUnits",
    "SqlCentreUnit",
    "SqlCentreUnits",
    "SqlInvestigationUnit",
    "SqlInvestigationUnits",
    "SqlRiskUnit",
    "SqlRiskUnits",
    "SqlUnit",
    "SqlUnits",
    "metadata",
]
