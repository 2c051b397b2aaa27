"""Who looked and who may be told: two owners' lists are one history, page by page."""

from typing import Any, Final
from uuid import UUID

import pytest

from tests.behind import AT
from tests.doors import IN, FakeDoor

HISTORY: Final = "/personal-data/access-history"
SHOWN: Final = 2


def reading(number: int) -> dict[str, Any]:
    return {
        "reading_id": str(UUID(int=number)),
        "reader": "staff",
        "purpose": "complaint",
        "what": "letters",
        "at": AT,
    }


def disclosure(number: int) -> dict[str, Any]:
    return {
        "disclosure_id": str(UUID(int=number)),
        "recipient": "court",
        "ground": "court_case",
        "at": AT,
        "until": AT,
    }


def page(of: list[dict[str, Any]], id_of: str, before: int | None) -> dict[str, Any]:
    """What an owner answers who is asked for two entries older than `before`."""
    left = [one for one in of if before is None or UUID(one[id_of]).int < before]
    following = left[SHOWN - 1][id_of] if len(left) > SHOWN else None
    return {"items": left[:SHOWN], "next_before": following}


@pytest.mark.clause("1.3a")
@pytest.mark.clause("6.1c")
@pytest.mark.seeded("gateway_half_of_the_access_history")
def test_every_access_is_on_one_page_or_the_next(
    fake_door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest of both first; a page goes on where the one before ended in both."""
    readings = [reading(number) for number in (9, 7, 6, 4, 3, 2, 1)]
    disclosures = [disclosure(number) for number in (8, 5)]

    seen: list[tuple[int, str]] = []
    whats: dict[str, set[str | None]] = {"reading": set(), "disclosure": set()}
    address: str | None = f"{HISTORY}?limit=2"
    while address is not None:
        before = seen[-1][0] if seen else None
        told = {
            ("onboarding", "list_readings"): page(readings, "reading_id", before),
            ("contracts", "list_own_disclosures"): page(
                disclosures, "disclosure_id", before
            ),
        }
        monkeypatch.setattr(fake_door.rpc, "told", told)
        answer = fake_door.send("GET", address, headers=IN).json()
        assert len(answer["items"]) <= SHOWN
        asked = {asked[-1]["before"] for asked in fake_door.rpc.asked[-2:]}
        assert asked == {None if before is None else UUID(int=before)}
        seen += [(UUID(one["access_id"]).int, one["kind"]) for one in answer["items"]]
        for one in answer["items"]:
            whats[one["kind"]].add(one["what"])
        following = answer["next"]
        address = following and f"{HISTORY}?limit=2&cursor={following}"
    assert [number for number, _ in seen] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert whats == {"reading": {"letters"}, "disclosure": {None}}
    assert [number for number, kind in seen if kind == "disclosure"] == [8, 5]


def test_its_cursor_opens_no_other_list(fake_door: FakeDoor) -> None:
    cursor = fake_door.send("GET", f"{HISTORY}?limit=1", headers=IN).json()["next"]
    elsewhere = fake_door.send(
        "GET", f"/personal-data/readings?cursor={cursor}", headers=IN
    )
    assert elsewhere.json()["code"] == "cursor_invalid"
