"""Certificates are renewed in good time and keys are never lost in silence."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from infra.pki import keys
from infra.pki.certificates import Authority, Leaf

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LEAVES = (
    Leaf("auth", client=True),
    Leaf("gateway", client=True, server=("localhost", "127.0.0.1", "gateway")),
)
ALL = ["ca", "auth", "gateway"]


def _authority(folder: Path) -> Authority:
    return Authority(folder, "test CA")


def _certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_everything_is_made_once(tmp_path: Path) -> None:
    assert _authority(tmp_path).ensure(LEAVES, now=NOW) == ALL
    assert _authority(tmp_path).ensure(LEAVES, now=NOW) == []


def test_leaves_live_a_week_and_are_renewed_in_its_last_third(tmp_path: Path) -> None:
    """The root stays: nobody has to learn a new one."""
    authority = _authority(tmp_path)
    authority.ensure(LEAVES, now=NOW)
    assert NOW + timedelta(days=7) == _certificate(tmp_path, "auth").not_valid_after_utc
    assert authority.ensure(LEAVES, now=NOW + timedelta(days=4, hours=12)) == []
    late = NOW + timedelta(days=4, hours=18)
    assert authority.ensure(LEAVES, now=late) == ["auth", "gateway"]
    assert authority.ensure(LEAVES, now=late) == []


def test_a_renewed_root_renews_all_leaves(tmp_path: Path) -> None:
    authority = _authority(tmp_path)
    authority.ensure(LEAVES, now=NOW)
    assert authority.ensure(LEAVES, now=NOW + timedelta(days=250)) == ALL


def test_a_leaf_of_another_root_or_role_is_made_anew(tmp_path: Path) -> None:
    authority = _authority(tmp_path)
    authority.ensure(LEAVES, now=NOW)
    widened = Leaf("auth", client=True, server=("localhost",))
    assert authority.ensure([widened, LEAVES[1]], now=NOW) == ["auth"]
    (tmp_path / "ca.key").unlink()
    assert authority.ensure([widened, LEAVES[1]], now=NOW) == ALL


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    authority = _authority(tmp_path)
    authority.ensure(LEAVES, now=NOW)
    (tmp_path / "auth.key").write_text("nonsense")
    assert authority.ensure(LEAVES, now=NOW) == ["auth"]


def test_a_server_certificate_names_its_hosts(tmp_path: Path) -> None:
    _authority(tmp_path).ensure(LEAVES, now=NOW)
    names = _certificate(tmp_path, "gateway").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    found = {str(name.value) for name in names.value}
    assert {"localhost", "127.0.0.1", "gateway"} == found


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    _authority(tmp_path).ensure(LEAVES, now=NOW)
    keys.ensure(tmp_path)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {0o600} == modes


def test_a_lost_signing_key_is_succeeded_and_the_old_one_stays_trusted(
    tmp_path: Path,
) -> None:
    """What the old key signed must stay verifiable."""
    keys.ensure(tmp_path)
    before = json.loads((tmp_path / "trust.json").read_text())["keys"]
    assert keys.ensure(tmp_path) == []
    (tmp_path / "operator.ed25519").unlink()
    assert keys.ensure(tmp_path) == ["key operator"]
    after = json.loads((tmp_path / "trust.json").read_text())["keys"]
    assert before == after[:-1]
    assert after[-1]["keyid"] == "operator-2"
