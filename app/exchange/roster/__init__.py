"""A district's people come in from its student information system."""

from app.exchange.roster.importing import import_roster
from app.exchange.roster.report import RosterRefused, RosterReport

__all__ = ["RosterRefused", "RosterReport", "import_roster"]
