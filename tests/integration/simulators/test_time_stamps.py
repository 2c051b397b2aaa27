"""RFC 3161 tokens that OpenSSL verifies."""

from pathlib import Path

import pytest
from asn1crypto import tsp

from tests.integration.simulators.stand import Stand, openssl


def stamp(stand: Stand, folder: Path, *options: str) -> Path:
    query, reply = folder / "query.tsq", folder / "reply.tsr"
    openssl("ts", "-query", "-data", folder / "data", *options, "-out", query)
    answer = stand.public.call("POST", "/tsp", body=query.read_bytes()).expect(200)
    assert answer.headers["content-type"] == "application/timestamp-reply"
    reply.write_bytes(answer.body)
    return reply


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").write_bytes(b"signature value octets")
    return tmp_path


@pytest.mark.parametrize("digest", ["-sha256", "-sha512"])
@pytest.mark.parametrize("nonce", ["", "-no_nonce"])
def test_openssl_verifies_the_token(
    stand: Stand, folder: Path, digest: str, nonce: str
) -> None:
    """Imprint, nonce, ESS signing-certificate and chain hold."""
    options = [option for option in (digest, "-cert", nonce) if option]
    reply = stamp(stand, folder, *options)
    report = openssl(
        "ts",
        "-verify",
        *("-in", reply, "-queryfile", folder / "query.tsq"),
        *("-CAfile", stand.authority_file("/ca/roots.pem")),
        *("-untrusted", stand.authority_file("/ca/issuing.pem")),
    )
    assert "Verification: OK" in report


def test_the_stamp_follows_the_moved_clock(stand: Stand, folder: Path) -> None:
    """A token made tomorrow says tomorrow."""
    today = token_info(stamp(stand, folder, "-sha256"))["gen_time"].native
    stand.clock_file.write_text("86400")
    tomorrow = token_info(stamp(stand, folder, "-sha256"))["gen_time"].native
    assert 86_390 < (tomorrow - today).total_seconds() < 86_410


@pytest.mark.usefixtures("healed")
def test_a_wrong_token_stamps_something_else(stand: Stand, folder: Path) -> None:
    """Genuinely signed over another imprint."""
    stand.control.arm_world("/tsp", "wrong")
    wrong, right = (
        token_info(stamp(stand, folder, "-sha256"))["message_imprint"].native
        for _ in range(2)
    )
    assert wrong["hashed_message"] != right["hashed_message"]


@pytest.mark.parametrize(
    ("options", "failure"),
    [
        (("-sha1",), "unrecognized or unsupported algorithm"),
        (("-sha256", "-tspolicy", "1.2.3.4"), "policy is not supported"),
    ],
)
def test_what_is_not_stamped_is_rejected_with_the_reason(
    stand: Stand, folder: Path, options: tuple[str, ...], failure: str
) -> None:
    """Weak imprints and foreign policies get no token."""
    report = read_reply(stamp(stand, folder, *options))
    assert "Status: Rejected" in report
    assert failure in report


def test_rubbish_is_rejected(stand: Stand, folder: Path) -> None:
    """What is no request is answered as such."""
    answer = stand.public.call("POST", "/tsp", body=b"rubbish").expect(200)
    (folder / "reply.tsr").write_bytes(answer.body)
    assert "wrong format" in read_reply(folder / "reply.tsr")


def read_reply(reply: Path) -> str:
    return openssl("ts", "-reply", "-in", reply, "-text")


def token_info(reply: Path) -> tsp.TSTInfo:
    response = tsp.TimeStampResp.load(reply.read_bytes())
    signed = response["time_stamp_token"]["content"]
    return signed["encap_content_info"]["content"].parsed
