"""The proofs of both parties' signatures, for the service that keeps contracts.

Nobody else verifies signatures: the company's own is judged here by the verifier, the
roots and the time-stamping authority that a client's is.
"""

import base64
from collections.abc import Mapping
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken, Transient
from services.onboarding.domain.archive import KeptEvidence, covered
from services.onboarding.domain.ceremony import unknown_ceremony
from services.onboarding.domain.reading import refuse_purpose
from services.onboarding.domain.signature import (
    NOT_KNOWN,
    Organisation,
    Unreadable,
    judge,
)
from services.onboarding.handlers.readings import record_reading
from services.onboarding.ports import (
    Archive,
    Begin,
    ProofTimes,
    Rules,
    Signatures,
    Timestamps,
)


def get_proofs(
    *,
    begin: Begin,
    clock: Clock,
    archive: Archive,
    ceremony_id: UUID,
    reader: str,
    purpose: str,
) -> Mapping[str, Json]:
    """What a completed ceremony left: ЭЦП with its evidence, and ЦОИД's protocol.

    The certificate names the client, so the reading is recorded.  Refused
    ``ceremony_unknown``, also for one that was not completed.
    """
    refuse_purpose(purpose)
    with begin() as unit:
        ceremony = unit.ceremonies.get(ceremony_id)
        if ceremony is None:
            raise unknown_ceremony()
        kept = unit.archive.get(ceremony_id)
        on_file = unit.ceremonies.signature(ceremony_id)
        protocol = unit.ceremonies.protocol(ceremony_id)
        if kept is None or on_file is None or protocol is None:
            raise unknown_ceremony()
        record_reading(
            unit, ceremony.client_id, reader=reader, purpose=purpose, at=clock.now()
        )
    protocol_id, content = protocol
    return {
        "signature": _shown(
            cms=kept.cms,
            chain=kept.chain,
            revocation=kept.revocation,
            stamp=kept.stamp,
            serial=on_file.certificate_serial,
            times=archive.times(kept.revocation, kept.stamp),
        ),
        "protocol_id": protocol_id,
        "protocol_sha256": sha256_hex(content),
    }


def prove_company_signature(
    *,
    document: bytes,
    cms: bytes,
    bin_: str,
    signatures: Signatures,
    timestamps: Timestamps,
    archive: Archive,
    rules: Rules,
    clock: Clock,
) -> Mapping[str, Json]:
    """The company's signature over a document, judged and stamped (clause 5.2).

    Transient while the state of the certificate or a time stamp cannot be had; Broken
    for a signature that is not the company's over these bytes.
    """
    found = signatures.examine(cms, document)
    fault = judge(found, Organisation(bin_), accepted=rules.algorithms(clock.now()))
    if fault in NOT_KNOWN:
        raise Transient("the state of the company's certificate is not known now")
    if fault is not None or isinstance(found, Unreadable):
        raise Broken("The company's signature is not good")
    stamp = timestamps.stamp(found.evidence.signature)
    evidence = found.evidence.with_answers(stamp.revocation)
    return _shown(
        cms=evidence.cms,
        chain=evidence.chain,
        revocation=evidence.revocation,
        stamp=stamp.token,
        serial=found.certificate.serial,
        times=archive.times(evidence.revocation, stamp.token),
    )


def stamp_bytes(document: bytes, *, timestamps: Timestamps) -> Mapping[str, Json]:
    """When these bytes were there, by НУЦ's clock.  Transient when it is away."""
    found = timestamps.stamp(document)
    return {
        "stamp_b64": _text(found.token),
        "stamped_at": rfc3339(found.stamped_at),
    }


def renew_company_signature(
    kept: KeptEvidence,
    *,
    bin_: str,
    archive: Archive,
    timestamps: Timestamps,
    rules: Rules,
    clock: Clock,
) -> Mapping[str, Json]:
    """The company's signature, kept good as a client's is (`archive.restamp_ageing`).

    It is verified anew, asking nobody; with a ``code`` it is broken, and not stamped.
    A ``restamp`` over everything comes when the last stamp ages within the dated
    number of days.  Transient when the time-stamping authority is away.
    """
    now = clock.now()
    accepted = rules.algorithms(kept.accepted_at)
    code = judge(archive.examine(kept), Organisation(bin_), accepted=accepted)
    if code is not None:
        return {"code": code.value, "ages_at": None, "restamp": None}
    ages_at = archive.ages_at(kept.last_stamp)
    if ages_at >= now + rules.restamp_before(now):
        return {"code": None, "ages_at": rfc3339(ages_at), "restamp": None}
    stamp = timestamps.stamp(covered(kept, restamps=len(kept.restamps)))
    return {
        "code": None,
        "ages_at": rfc3339(archive.ages_at(stamp.token)),
        "restamp": {
            "stamp_b64": _text(stamp.token),
            "revocation_b64": tuple(_text(one) for one in stamp.revocation),
            "stamped_at": rfc3339(stamp.stamped_at),
        },
    }


def _shown(
    *,
    cms: bytes,
    chain: tuple[bytes, ...],
    revocation: tuple[bytes, ...],
    stamp: bytes,
    serial: str,
    times: ProofTimes,
) -> Mapping[str, Json]:
    return {
        "cms_b64": _text(cms),
        "chain_b64": tuple(_text(one) for one in chain),
        "revocation_b64": tuple(_text(one) for one in revocation),
        "stamp_b64": _text(stamp),
        "certificate_serial": serial,
        "checked_at": rfc3339(times.checked_at),
        "stamped_at": rfc3339(times.stamped_at),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
