"""Who may come in: partners with a certificate, the director with the token."""

import email.utils
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest

from infra.simulators.wire import Wire
from tests.integration.simulators.stand import Stand, failed_start, make_pki

REFUSED = (ssl.SSLError, ConnectionError)


@pytest.mark.parametrize("door", ["bank_url", "partner_url"])
def test_partners_must_show_a_certificate(stand: Stand, door: str) -> None:
    """Without a client certificate the TLS handshake itself is refused."""
    stranger = Wire(getattr(stand, door), ca=stand.pki.ca)
    with pytest.raises(REFUSED):
        stranger.call("GET", "/ready")


def test_a_certificate_of_another_authority_is_refused(
    stand: Stand, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A certificate somebody made at home opens no door."""
    foreign = make_pki(tmp_path_factory.mktemp("foreign"))
    impostor = Wire(
        stand.bank_url, ca=stand.pki.ca, certificate=foreign.pair("partner")
    )
    with pytest.raises(REFUSED):
        impostor.call("GET", "/ready")


def test_the_public_door_needs_no_certificate(stand: Stand) -> None:
    """Persons have none; partners' systems are not behind this door."""
    assert stand.public.call("GET", "/ready").status == 200
    assert stand.public.call("GET", "/centre/v1/changes").status == 404
    assert stand.partner.call("GET", "/ca/roots.pem").status == 404


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic dGVzdA=="])
@pytest.mark.parametrize("path", ["/_control/sms", "/_control/faults"])
def test_control_demands_the_token(stand: Stand, path: str, header: str) -> None:
    """Any door, any control address: the token or nothing."""
    for wire in (stand.public, stand.partner):
        answer = wire.call("GET", path, headers={"authorization": header})
        assert answer.status == 401


def test_the_date_follows_the_moved_clock(stand: Stand) -> None:
    """The bank's clock moves with the platform's, stamps and headers alike."""
    stand.clock_file.write_text("90000")
    expected = datetime.fromtimestamp(time.time(), UTC) + timedelta(hours=25)
    for wire in (stand.bank, stand.partner, stand.public):
        header = wire.call("GET", "/ready").headers["date"]
        told = email.utils.parsedate_to_datetime(header)
        assert abs(told - expected) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("bank", ["BANK_PORT", "LEDGER"]),
        ("world", ["WORLD_PARTNER_PORT", "WORLD_PUBLIC_PORT", "WORLD_PUBLIC_URL"]),
    ],
)
def test_incomplete_settings_are_refused_with_the_full_list(
    module: str, names: list[str]
) -> None:
    """One failed start names everything that is missing."""
    done = failed_start(module, {})
    assert done.returncode == 2
    common = ["OUTER_CA", "OUTER_CERT", "OUTER_KEY", "CONTROL_TOKEN_FILE"]
    for name in names + common:
        assert f"simulator-{module}: {name} is missing" in done.stderr


def test_two_banks_cannot_share_a_ledger(own_stand: Stand) -> None:
    """A second process on the same ledger would be two banks with one book."""
    own_stand.bank_process.start()
    done = failed_start("bank", own_stand.bank_process.env)
    assert done.returncode != 0
    assert "is in use" in done.stderr
