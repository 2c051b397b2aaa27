"""Kept proofs: shown to who may ask, and kept good."""

import base64
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json
from kernel.logging import get_logger
from kernel.platform import Platform
from services.onboarding.domain.archive import KeptEvidence
from services.onboarding.handlers import (
    archive,
    evidence,
)
from services.onboarding.ports import Begin
from services.onboarding.settings import Settings
from services.onboarding.wiring.outside import Outside
from services.onboarding.wiring.rules import DatedRules

RESTAMPS: Final = 5
"""Kept signatures looked at per beat: each takes some ten milliseconds."""

log = get_logger("onboarding")


class Evidence:
    """What is done with proofs that were given."""

    def __init__(
        self,
        platform: Platform[Settings],
        *,
        begin: Callable[[Context], Begin],
        outside: Outside,
        rules: DatedRules,
    ) -> None:
        self._platform = platform
        self._begin = begin
        self._outside = outside
        self._rules = rules

    def get_proofs(
        self, context: Context, *, ceremony_id: UUID, reader: str, purpose: str
    ) -> Mapping[str, Json]:
        return evidence.get_proofs(
            begin=self._begin(context),
            clock=self._platform.clock,
            archive=self._outside.archive,
            ceremony_id=ceremony_id,
            reader=reader,
            purpose=purpose,
        )

    def prove_company_signature(
        self, *, document_b64: str, cms_b64: str
    ) -> Mapping[str, Json]:
        return evidence.prove_company_signature(
            document=base64.b64decode(document_b64),
            cms=base64.b64decode(cms_b64),
            bin_=self._platform.settings.company_bin,
            signatures=self._outside.signatures,
            timestamps=self._outside.timestamps,
            archive=self._outside.archive,
            rules=self._rules,
            clock=self._platform.clock,
        )

    def stamp_bytes(self, *, document_b64: str) -> Mapping[str, Json]:
        return evidence.stamp_bytes(
            base64.b64decode(document_b64), timestamps=self._outside.timestamps
        )

    def renew_company_signature(self, kept: KeptEvidence) -> Mapping[str, Json]:
        return evidence.renew_company_signature(
            kept,
            bin_=self._platform.settings.company_bin,
            archive=self._outside.archive,
            timestamps=self._outside.timestamps,
            rules=self._rules,
            clock=self._platform.clock,
        )

    def restamp_ageing(self) -> int:
        """Renew time stamps before they age; how many were renewed."""
        looked = archive.restamp_ageing(
            begin=self._begin(self._platform.context()),
            clock=self._platform.clock,
            ids=self._platform.ids,
            rules=self._rules,
            archive=self._outside.archive,
            timestamps=self._outside.timestamps,
            limit=RESTAMPS,
        )
        for ceremony_id, code in looked.broken:
            log.error("evidence_broken", ceremony_id=str(ceremony_id), code=code.value)
        return len(looked.restamped)
