"""The twin of where operations were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kernel.context import Origin

HOME = Origin(device="k1.device", network="k1.network")
FACTS = {"device_token": "k1.device", "network_token": "k1.network"}


@dataclass
class FakeOrigins:
    """Implements `kernel.judged.Origins`."""

    told: Origin | None = None
    """Where the request at hand comes from."""
    kept: dict[str, Origin] = field(default_factory=dict)

    def note(self, operation: str) -> None:
        if self.told is not None:
            self.kept[operation] = self.told

    def facts(self, operation: str) -> Mapping[str, str]:
        kept = self.kept.get(operation)
        if kept is None:
            return {}
        return {"device_token": kept.device, "network_token": kept.network}

    def forget_ended(self, *, before: datetime) -> int:
        raise NotImplementedError(before)
