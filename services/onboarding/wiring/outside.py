"""The outer systems, each behind its port, built from the settings."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kernel.platform import Platform
from kernel.tls import client_context
from services.onboarding.adapters.bank import HttpBank, HttpCards
from services.onboarding.adapters.biometrics import (
    CanonicalProtocols,
    DatedProviders,
    HttpProvider,
)
from services.onboarding.adapters.eds.archive import SignatureArchive
from services.onboarding.adapters.eds.examiner import CmsExaminer
from services.onboarding.adapters.eds.ncanode import NcanodeExaminer
from services.onboarding.adapters.eds.revocation import HttpRevocation
from services.onboarding.adapters.eds.timestamp import HttpTimestamps, TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.adapters.http import OuterServer
from services.onboarding.adapters.photo import SocketPhotoJudge
from services.onboarding.adapters.state import HttpStateBase
from services.onboarding.handlers.accounts import Owners
from services.onboarding.ports import (
    Archive,
    Protocols,
    Provider,
    Providers,
    Signatures,
    StateBase,
    Timestamps,
)
from services.onboarding.ports.photos import PhotoJudge
from services.onboarding.settings import Settings
from services.onboarding.wiring.rules import DatedRules

RETURN_PATH: Final = "/api/v1/ceremonies/return"
"""The gateway's door for a person who comes back from a provider's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The outer systems, each behind its port."""

    state_base: StateBase
    owners: Owners
    providers: Providers
    protocols: Protocols
    signatures: Signatures
    timestamps: Timestamps
    archive: Archive
    photo_judge: PhotoJudge
    servers: tuple[OuterServer, ...]

    def close(self) -> None:
        """Let all connections to the outside go."""
        for server in self.servers:
            server.close()


def outside_of(platform: Platform[Settings]) -> Outside:
    settings, clock = platform.settings, platform.clock
    tls = client_context(settings.outer_ca, settings.outer_cert, settings.outer_key)
    authority, state, bank = servers = (
        OuterServer(settings.ca_url, tls=tls, name="НУЦ"),
        OuterServer(settings.state_url, tls=tls, name="the state's database"),
        OuterServer(settings.bank_url, tls=tls, name="the bank"),
    )
    cameras = {
        name: OuterServer(url, tls=tls, name=f"the provider {name}")
        for name, (url, _) in settings.providers().items()
    }
    trust = PinnedTrust.load(
        roots=settings.eds_roots,
        issuers=settings.eds_issuers,
        production=settings.stage == "production",
    )
    tokens = TokenChecker(trust=trust, clock=clock)
    return_url = settings.public_url.rstrip("/") + RETURN_PATH
    freshness = DatedRules(platform.policy).freshness
    revocation = HttpRevocation(authority, clock=clock, freshness=freshness)
    ours = CmsExaminer(trust=trust, revocation=revocation, tokens=tokens, clock=clock)
    ncanode = _ncanode(settings, tls=tls)
    return Outside(
        state_base=HttpStateBase(state),
        owners=Owners(bank=HttpBank(bank), cards=HttpCards(bank)),
        providers=DatedProviders(
            {
                name: Provider(
                    name=name,
                    bin=bin_,
                    door=HttpProvider(cameras[name], return_url=return_url),
                )
                for name, (_, bin_) in settings.providers().items()
            },
            platform.policy,
        ),
        protocols=CanonicalProtocols(),
        signatures=ours
        if ncanode is None
        else NcanodeExaminer(
            ncanode, trust=trust, revocation=revocation, tokens=tokens, clock=clock
        ),
        timestamps=HttpTimestamps(authority, checker=tokens, revocation=revocation),
        archive=SignatureArchive(trust=trust, clock=clock, freshness=freshness),
        photo_judge=SocketPhotoJudge(Path(settings.photo_socket)),
        servers=(*servers, *cameras.values(), *([ncanode] if ncanode else [])),
    )


def _ncanode(settings: Settings, *, tls: ssl.SSLContext) -> OuterServer | None:
    """The other verifier, where the environment names one."""
    if not settings.eds_verifier_url:
        return None
    return OuterServer(settings.eds_verifier_url, tls=tls, name="NCANode")
