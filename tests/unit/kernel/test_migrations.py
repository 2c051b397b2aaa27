"""Which migrations run when, and how the next one is made (ADR 0007)."""

from pathlib import Path

import pytest

from kernel.errors import Refused
from kernel.migrations.__main__ import BadNameError, create, main
from kernel.migrations.applying import configuration, revisions, target

KNOWN = ("0001", "0002_pre", "0003_pre", "0004_post")
TWO_RELEASES = (*KNOWN, "0005_pre")


@pytest.mark.parametrize(
    ("current", "known", "post", "goal"),
    [
        (None, KNOWN, False, "0004_post"),
        (None, KNOWN, True, "0004_post"),
        (None, TWO_RELEASES, False, "0005_pre"),
        ("0001", KNOWN, False, "0003_pre"),
        ("0002_pre", KNOWN, False, "0003_pre"),
        ("0003_pre", KNOWN, False, None),
        ("0003_pre", KNOWN, True, "0004_post"),
        ("0001", KNOWN, True, "0004_post"),
        ("0004_post", KNOWN, False, None),
        ("0004_post", KNOWN, True, None),
        ("0004_post", TWO_RELEASES, False, "0005_pre"),
        ("0001", TWO_RELEASES, True, "0005_pre"),
        ("0002_pre", ("0001",), False, None),
        ("0002_pre", ("0001",), True, None),
    ],
)
def test_how_far_a_migration_goes(
    current: str | None, known: tuple[str, ...], *, post: bool, goal: str | None
) -> None:
    """An empty database gets all; older code keeps what it needs; back is possible."""
    assert target(current, known, post=post) == goal


@pytest.mark.parametrize("post", [False, True])
@pytest.mark.parametrize("current", ["0002_post", "0001_other"])
def test_code_does_not_run_on_what_took_its_columns_away(
    current: str, *, post: bool
) -> None:
    with pytest.raises(Refused) as refused:
        target(current, ("0001",), post=post)
    assert refused.value.code == "schema_too_new"


def test_two_releases_at_once_are_refused_before_anything_runs() -> None:
    with pytest.raises(Refused, match="0004_post must run before 0005_pre") as refused:
        target("0001", TWO_RELEASES, post=False)
    assert refused.value.code == "post_first"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one service and its first migration."""
    folder = tmp_path / "services" / "auth" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_initial.py").write_text('revision = "0001"\ndown_revision = None\n')
    return tmp_path


def test_the_next_migration_is_made_from_the_template(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["auth", "add login reason"], tree) == 0
    assert main(["auth", "drop login note", "post"], tree) == 0
    said = capsys.readouterr().out
    names = ["0002_pre_add_login_reason.py", "0003_post_drop_login_note.py"]
    folder = tree / "services" / "auth" / "migrations"
    assert [path.name for path in sorted(folder.glob("000[23]*"))] == names
    assert [n for n in names if f"\nservices/auth/migrations/{n}" not in said] == []
    assert revisions(configuration(folder)) == ("0001", "0002_pre", "0003_post")
    second = (folder / names[1]).read_text()
    assert second.startswith('"""Drop login note."""\n')
    assert 'down_revision = "0002_pre"\n' in second


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("nobody", "add login reason"),
        ("../auth", "add login reason"),
        ("auth", ""),
        ("auth", "Add Login"),
        ("auth", "add-login"),
        ("auth", "../../etc"),
        ("auth", "a" * 41),
    ],
)
def test_a_bad_name_makes_nothing(tree: Path, service: str, message: str) -> None:
    with pytest.raises(BadNameError):
        create(tree, service, message, "pre")
    assert main([service, message], tree) == 2
    folder = tree / "services" / "auth" / "migrations"
    assert [path.name for path in folder.glob("*.py")] == ["0001_initial.py"]
