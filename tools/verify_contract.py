#!/usr/bin/env python3
"""Verify a contract exported with its evidence, without any database or network.

    verify_contract.py DIRECTORY --roots PEM [--iin NUMBER] [--bin NUMBER]

One file, standard library and `cryptography` only, importing nothing of ours. Formats:
CMS (RFC 5652), certificates (RFC 5280), OCSP (RFC 6960), time stamps (RFC 3161, 5816).

The roots, the borrower's ИИН and the lender's БИН come from you, never from the export.
The steps:

  1. The manifest lists every file with its SHA-256, and nothing else lies there.
  2. The document is the one the manifest names.
  3. The client's signature is over the document, the company's too, and a signature of
     the company over the manifest; of each:
     a. One signer, whose signed attributes name the hash of these bytes.
     b. The key of the signer's certificate made the signature.
     c. A time stamp over the signature value, by a certificate for that alone.
     d. Signer and stamper lead to a root you gave, all in their time when stamped.
     e. НУЦ said of the certificate, within a day of the stamp, that it was good.
  4. The certificates are the ИИН's and the БИН's, if you gave them.
  5. The company signed after the client.

RSA and ECDSA with SHA-2 are calculated here. A GOST signature is not: it ends with 1,
neither verified nor found wrong; the platform's own verifier judges it.

Ends with 0 verified, 1 error, 2 wrong usage, 3 finding.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VERIFIED, ERROR, USAGE, FINDING = 0, 1, 2, 3

BUNDLE = "kredit-contract-1"
MANIFEST = "manifest.json"
MANY = 8
MAX_FILE_BYTES = 4 * 1024 * 1024
NEAR = timedelta(days=1)
SECOND = timedelta(seconds=1)

LONGEST_LENGTH, HIGH_TAG = 4, 0x1F
SEQUENCE, SET, OID, OCTETS, INTEGER, TIME = 0x30, 0x31, 0x06, 0x04, 0x02, 0x18
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1
SIGNED_DATA = "1.2.840.113549.1.7.2"
DATA = "1.2.840.113549.1.7.1"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
DIGESTS: dict[str, tuple[Callable[[bytes], bytes], hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": (lambda d: hashlib.sha256(d).digest(), hashes.SHA256()),
    "2.16.840.1.101.3.4.2.2": (lambda d: hashlib.sha384(d).digest(), hashes.SHA384()),
    "2.16.840.1.101.3.4.2.3": (lambda d: hashlib.sha512(d).digest(), hashes.SHA512()),
}


class FindingError(Exception):
    """The bundle does not prove what it should."""


class UnjudgedError(Exception):
    """Something this verifier cannot calculate; it says nothing either way."""


# --- DER: X.690, definite lengths only


@dataclass(frozen=True)
class Node:
    """One value: its tag, its contents, and all its bytes."""

    tag: int
    body: bytes
    raw: bytes

    def inside(self) -> list["Node"]:
        return list(nodes(self.body))

    def want(self, tag: int) -> "Node":
        if self.tag != tag:
            raise FindingError("a structure is not what it should be")
        return self


def nodes(data: bytes) -> Iterator[Node]:
    at = 0
    while at < len(data):
        if len(data) < at + 2:
            raise FindingError("a structure is cut off")
        tag, length, start = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count <= LONGEST_LENGTH or tag & HIGH_TAG == HIGH_TAG:
                raise FindingError("a structure is not in DER")
            length = int.from_bytes(data[start : start + count])
            start += count
        end = start + length
        if end > len(data):
            raise FindingError("a structure is cut off")
        yield Node(tag, data[start:end], data[at:end])
        at = end


def parse(data: bytes) -> Node:
    found = list(nodes(data))
    if len(found) != 1:
        raise FindingError("bytes stand behind a structure, or none is there")
    return found[0]


def dotted(node: Node) -> str:
    body = node.want(OID).body
    numbers, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    head = [first, numbers[0] - 40 * first] if numbers else []
    return ".".join(map(str, [*head, *numbers[1:]]))


# --- CMS: RFC 5652


@dataclass(frozen=True)
class Signature:
    """The one signer of a SignedData."""

    content_type: str
    content: bytes | None
    certificates: tuple[x509.Certificate, ...]
    digest: str
    attributes: dict[str, bytes]
    signed: bytes
    value: bytes
    signer: x509.Certificate


def read_cms(raw: bytes) -> Signature:
    outer = parse(raw).want(SEQUENCE).inside()
    if dotted(outer[0]) != SIGNED_DATA:
        raise FindingError("a signature is no SignedData")
    parts = parse(outer[1].want(CONTEXT_0).body).want(SEQUENCE).inside()
    content_info = parts[2].want(SEQUENCE).inside()
    content = None
    if len(content_info) > 1:
        content = parse(content_info[1].want(CONTEXT_0).body).want(OCTETS).body
    held = [part for part in parts[3:] if part.tag == CONTEXT_0]
    certificates = tuple(
        x509.load_der_x509_certificate(one.raw)
        for part in held
        for one in part.inside()
    )
    signers = parts[-1].want(SET).inside()
    if len(signers) != 1:
        raise FindingError("a signature has not one signer")
    info = signers[0].want(SEQUENCE).inside()
    attributes = info[3].want(CONTEXT_0)
    serial = int.from_bytes(info[1].want(SEQUENCE).inside()[1].body)
    named = [one for one in certificates if one.serial_number == serial]
    if len(named) != 1:
        raise FindingError("the signer's certificate is not there")
    return Signature(
        content_type=dotted(content_info[0]),
        content=content,
        certificates=certificates,
        digest=dotted(info[2].want(SEQUENCE).inside()[0]),
        attributes=_attributes(attributes),
        # RFC 5652, 5.4: signed under the tag of a SET, not the [0] on the wire.
        signed=bytes([SET]) + attributes.raw[1:],
        value=info[5].want(OCTETS).body,
        signer=named[0],
    )


def _attributes(node: Node) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in node.inside():
        name, values = one.want(SEQUENCE).inside()
        if dotted(name) in found:
            raise FindingError("a signed attribute stands twice")
        found[dotted(name)] = values.want(SET).body
    return found


def check_signature(signature: Signature, content: bytes) -> None:
    """Steps a and b."""
    if signature.digest not in DIGESTS:
        raise UnjudgedError("a hash this verifier does not calculate (GOST?)")
    digest, algorithm = DIGESTS[signature.digest]
    named = parse(signature.attributes.get(MESSAGE_DIGEST, b"")).want(OCTETS).body
    kind = dotted(parse(signature.attributes.get(CONTENT_TYPE, b"")))
    if named != digest(content) or kind != signature.content_type:
        raise FindingError("a signature is over other bytes")
    try:
        key = signature.signer.public_key()
    except (UnsupportedAlgorithm, ValueError) as error:
        raise UnjudgedError("a key this verifier does not know (GOST?)") from error
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature.value, signature.signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature.value, signature.signed, ec.ECDSA(algorithm))
        else:
            raise UnjudgedError("a key of a kind this verifier does not know")
    except InvalidSignature as error:
        raise FindingError("a signature does not hold") from error


# --- time stamps: RFC 3161


def stamped_at(token: Signature, value: bytes) -> datetime:
    """Step c, but for the path."""
    if token.content_type != TST_INFO or token.content is None:
        raise FindingError("a time stamp is none")
    check_signature(token, token.content)
    info = parse(token.content).want(SEQUENCE).inside()
    imprint = info[2].want(SEQUENCE).inside()
    name = dotted(imprint[0].want(SEQUENCE).inside()[0])
    if name not in DIGESTS or imprint[1].want(OCTETS).body != DIGESTS[name][0](value):
        raise FindingError("a time stamp is over another signature")
    usage = token.signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING] or not usage.critical:
        raise FindingError("who stamped may do more, or less, than stamp")
    text = info[4].want(TIME).body.decode("ascii")
    pattern = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, pattern).replace(tzinfo=UTC)


# --- certificates: RFC 5280


def check_path(
    certificate: x509.Certificate,
    pool: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> x509.Certificate:
    """Step d: up to one of your roots. Who issued the certificate."""
    issuers: list[x509.Certificate] = []
    current = certificate
    while current not in roots:
        if not current.not_valid_before_utc <= at + SECOND or (
            at > current.not_valid_after_utc
        ):
            raise FindingError("a certificate was not in its time")
        above = [one for one in (*pool, *roots) if _issued(current, one)]
        if not above or len(issuers) >= MANY:
            raise FindingError("a certificate does not lead to a root you gave")
        current = above[0]
        limits = current.extensions.get_extension_for_class(x509.BasicConstraints)
        if not limits.value.ca:
            raise FindingError("who issued a certificate is no authority")
        issuers.append(current)
    return issuers[0] if issuers else certificate


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return certificate != by


# --- revocation: RFC 6960, and CRLs of RFC 5280


def check_good(
    raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> None:
    """Step e."""
    try:
        answer = ocsp.load_der_ocsp_response(raw)
    except ValueError:
        _check_listed(raw, certificate, issuer, at)
        return
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise FindingError("НУЦ gave no answer about a certificate")
    if answer.serial_number != certificate.serial_number:
        raise FindingError("НУЦ's answer is about another certificate")
    if answer.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise FindingError("НУЦ did not say that a certificate was good")
    if abs(answer.produced_at_utc - at) > NEAR:
        raise FindingError("НУЦ's answer is of another time")
    responder = answer.certificates[0] if answer.certificates else issuer
    if responder != issuer:
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if ExtendedKeyUsageOID.OCSP_SIGNING not in usage.value or not _issued(
            responder, issuer
        ):
            raise FindingError("who answered for НУЦ may not")
    key, algorithm = responder.public_key(), answer.signature_hash_algorithm
    if not isinstance(key, rsa.RSAPublicKey) or algorithm is None:
        raise UnjudgedError("an answer signed in a way this verifier does not know")
    try:
        key.verify(
            answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm
        )
    except InvalidSignature as error:
        raise FindingError("НУЦ's answer was changed") from error


def _check_listed(
    raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> None:
    try:
        listed = x509.load_der_x509_crl(raw)
        genuine = listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type] # any key
    except (ValueError, TypeError) as error:
        raise FindingError("what НУЦ said of a certificate cannot be read") from error
    if not genuine or listed.issuer != issuer.subject:
        raise FindingError("a list of НУЦ was changed")
    if listed.last_update_utc > at + NEAR or (
        listed.next_update_utc is not None and listed.next_update_utc < at
    ):
        raise FindingError("a list of НУЦ is of another time")
    found = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if found is not None:
        raise FindingError("a certificate was revoked")


# --- the bundle


@dataclass(frozen=True)
class Bundle:
    """The files of an export, read once."""

    files: dict[str, bytes]

    @classmethod
    def read(cls, folder: Path) -> "Bundle":
        files = {}
        for path in sorted(folder.iterdir()):
            if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                raise FindingError(f"{path.name} does not belong to a bundle")
            files[path.name] = path.read_bytes()
        return cls(files)

    def file(self, name: str) -> bytes:
        if name not in self.files:
            raise FindingError(f"{name} is missing")
        return self.files[name]

    def many(self, prefix: str) -> list[bytes]:
        """In the order of their numbers, of which there are fewer than ten."""
        return [data for name, data in self.files.items() if name.startswith(prefix)]

    def manifest(self) -> dict[str, object]:
        """Steps 1 and 2."""
        try:
            told = json.loads(self.file(MANIFEST))
            listed: dict[str, str] = told["files"]
            kind, document = told["bundle"], told["document_sha256"]
        except (ValueError, KeyError, TypeError) as error:
            raise FindingError("the manifest cannot be read") from error
        if kind != BUNDLE:
            raise FindingError("the manifest is of another kind")
        ours = {name for name in self.files if not name.startswith("manifest.")}
        if set(listed) != ours:
            raise FindingError("the files are not those of the manifest")
        for name, digest in listed.items():
            if hashlib.sha256(self.file(name)).hexdigest() != digest:
                raise FindingError(f"{name} was changed")
        if hashlib.sha256(self.file("contract.pdf")).hexdigest() != document:
            raise FindingError("the document is not the one that was signed")
        return dict(told)


def check_signed(
    bundle: Bundle, who: str, content: bytes, roots: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, datetime]:
    """Step 3 for one signature: the signer's certificate and the stamped instant."""
    signature = read_cms(bundle.file(f"{who}.cms"))
    if signature.content_type != DATA or signature.content not in (None, content):
        raise FindingError("a signature is over other bytes")
    check_signature(signature, content)
    token = read_cms(bundle.file(f"{who}.tst"))
    at = stamped_at(token, signature.value)
    pool = [x509.load_der_x509_certificate(one) for one in bundle.many(f"{who}.chain-")]
    if not pool or pool[0] != signature.signer or pool[-1] not in roots:
        raise FindingError("the chain is not from the signer to a root you gave")
    issuer = check_path(signature.signer, pool, roots, at)
    check_path(token.signer, [*pool, *token.certificates], roots, at)
    answers = bundle.many(f"{who}.revocation-")
    if not answers:
        raise FindingError("nothing says that a certificate was not revoked")
    for one in answers:
        check_good(one, signature.signer, issuer, at)
    return signature.signer, at


def check_holder(
    certificate: x509.Certificate, oid: x509.ObjectIdentifier, expected: str | None
) -> None:
    """Step 4."""
    named = [one.value for one in certificate.subject.get_attributes_for_oid(oid)]
    if expected is not None and named != [expected]:
        raise FindingError("a certificate is somebody else's")


def verify(
    folder: Path, roots: Sequence[x509.Certificate], iin: str | None, bin_: str | None
) -> str:
    bundle = Bundle.read(folder)
    manifest = bundle.manifest()  # steps 1 and 2
    document = bundle.file("contract.pdf")
    client, client_at = check_signed(bundle, "client", document, roots)  # step 3
    company, company_at = check_signed(bundle, "company", document, roots)
    sealed, _ = check_signed(bundle, "manifest", bundle.file(MANIFEST), roots)
    check_holder(client, NameOID.SERIAL_NUMBER, iin and f"IIN{iin}")  # step 4
    unit = NameOID.ORGANIZATIONAL_UNIT_NAME
    check_holder(company, unit, bin_ and f"BIN{bin_}")
    if sealed.subject.get_attributes_for_oid(unit) != (
        company.subject.get_attributes_for_oid(unit)
    ):
        raise FindingError("the manifest is signed by another organisation")
    if company_at + SECOND < client_at:  # step 5
        raise FindingError("the company signed before the client")
    return (
        f"verified: {manifest.get('number')}, signed by the client at"
        f" {client_at:%Y-%m-%dT%H:%M:%SZ}, by the company at"
        f" {company_at:%Y-%m-%dT%H:%M:%SZ}; SHA-256 {manifest['document_sha256']}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--roots", type=Path, required=True, metavar="PEM")
    parser.add_argument("--iin", metavar="NUMBER")
    parser.add_argument("--bin", metavar="NUMBER", dest="bin_")
    given = parser.parse_args(arguments)
    try:
        roots = x509.load_pem_x509_certificates(given.roots.read_bytes())
    except (OSError, ValueError) as error:
        print(f"error: the roots cannot be read: {error}", file=sys.stderr)
        return USAGE
    try:
        print(verify(given.directory, roots, given.iin, given.bin_))
    except FindingError as finding:
        print(f"finding: {finding}", file=sys.stderr)
        return FINDING
    except (UnjudgedError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return ERROR
    except (ValueError, IndexError, x509.ExtensionNotFound) as error:
        print(f"finding: a structure cannot be read: {error}", file=sys.stderr)
        return FINDING
    return VERIFIED


if __name__ == "__main__":
    sys.exit(main())
