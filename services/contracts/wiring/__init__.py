"""The composition root: use cases on top of the platform's parts."""

from pathlib import Path

import httpx

from kernel.platform import Platform
from kernel.tls import client_context
from services.contracts.adapters.printing import PdfPrinter
from services.contracts.adapters.registers import (
    REGISTER_TIMEOUT,
    HttpBureau,
    HttpMonitoring,
    HttpState,
)
from services.contracts.adapters.signing import SoftSigner
from services.contracts.adapters.statements import HttpStatements
from services.contracts.settings import Settings
from services.contracts.wiring.amendments import AmendmentUseCases
from services.contracts.wiring.applications import ApplicationUseCases
from services.contracts.wiring.disclosures import DisclosureUseCases
from services.contracts.wiring.documents import DocumentUseCases
from services.contracts.wiring.erasures import ErasureUseCases
from services.contracts.wiring.history import HistoryUseCases
from services.contracts.wiring.inquiries import InquiryUseCases
from services.contracts.wiring.lifecycle import ContractUseCases
from services.contracts.wiring.parts import Parts
from services.contracts.wiring.reactions import Reactions
from services.contracts.wiring.repayments import RepaymentUseCases


class UseCases:
    """Everything the door can ask for, by what it is about."""

    def __init__(self, parts: Parts) -> None:
        self.applications = ApplicationUseCases(parts)
        self.amendments = AmendmentUseCases(parts)
        self.contracts = ContractUseCases(parts)
        self.documents = DocumentUseCases(parts)
        self.disclosures = DisclosureUseCases(parts.platform)
        self.inquiries = InquiryUseCases(parts)
        self.erasures = ErasureUseCases(parts)
        self.history = HistoryUseCases(parts)
        self.reactions = Reactions(parts)
        self.repayments = RepaymentUseCases(parts)


def build(platform: Platform[Settings]) -> UseCases:
    """Connect nothing yet; the first request does."""
    settings = platform.settings

    def client(url: str) -> httpx.Client:
        return httpx.Client(
            base_url=url,
            verify=client_context(
                settings.outer_ca, settings.outer_cert, settings.outer_key
            ),
            timeout=REGISTER_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )

    return UseCases(
        Parts(
            platform,
            bureau=HttpBureau(client(settings.bureau_url)),
            state=HttpState(client(settings.state_url)),
            monitoring=HttpMonitoring(client(settings.monitoring_url)),
            printer=PdfPrinter(site=settings.public_url),
            signer=SoftSigner(
                Path(settings.signer_key), Path(settings.signer_certificate)
            ),
            bank=HttpStatements(
                client(settings.bank_url), iban=settings.collection_iban
            ),
        )
    )
