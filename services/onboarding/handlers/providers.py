"""What a provider of identification signed, before anybody believes a word of it."""

from datetime import datetime

from kernel.errors import Transient
from services.onboarding.domain.signature import (
    NOT_KNOWN,
    Code,
    Examination,
    Organisation,
    judge,
)
from services.onboarding.ports import Provider, Rules, Signatures, SignedProtocol


def examined(
    signed: SignedProtocol,
    provider: Provider,
    *,
    signatures: Signatures,
    rules: Rules,
    at: datetime,
) -> tuple[Examination, Code | None]:
    """What the signature is found to be, and what is wrong with it; None if nothing.

    It must be of the provider's own organisation, over these bytes, not revoked.
    Transient while the state of its certificate is not known: that proves nothing.
    """
    examination = signatures.examine(signed.signature, signed.protocol)
    fault = judge(
        examination, Organisation(provider.bin), accepted=rules.algorithms(at)
    )
    if fault in NOT_KNOWN:
        raise Transient("the state of the provider's certificate is not known now")
    return examination, fault
