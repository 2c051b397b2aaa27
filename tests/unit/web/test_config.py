"""The web tier and the gateway agree without sharing code: their numbers and words."""

import re
from pathlib import Path
from typing import Final

import pytest

from infra.web import limits
from infra.web.config import PHOTO, PROBLEM_HEADERS, Place, nginx_conf
from infra.web.limits import PUBLIC, TEST, limits_of
from infra.web.problems import METHODS, PROBLEMS
from services.auth.gateway import bodies, door, registrations, security, server

PLACE: Final = Place(
    hosts=("creditplus.kz",),
    gateways=("10.0.0.1:8447", "10.0.0.2:8447"),
    port=443,
    plain_port=80,
    ready_port=9100,
    pki=Path("/state/pki"),
    static=Path("/state/web/static"),
    log=Path("/state/web/log"),
    scratch=Path("/scratch"),
    visitor=PUBLIC,
    listen="0.0.0.0",  # noqa: S104 - a text
)
ADDED_HEAD_BYTES: Final = 256
"""What the tier writes into a head itself: host, source, traces of its hop."""


def test_what_passes_the_tier_is_not_too_large_for_the_gateway() -> None:
    assert limits.MOST_BODY_BYTES == bodies.MOST_JSON_BYTES
    assert limits.MOST_PHOTO_BYTES == bodies.MOST_PHOTO_BYTES
    long_head = limits.LONG_HEAD_BUFFERS * limits.LONG_HEAD_BUFFER_BYTES
    head = limits.HEAD_BUFFER_BYTES + long_head + ADDED_HEAD_BYTES
    assert head <= door.MOST_HEAD_BYTES


def test_the_tier_outwaits_the_gateway_and_keeps_no_link_longer() -> None:
    """Else a request is sent into a link that the gateway is just closing."""
    assert door.REQUEST_S < limits.ANSWER_S
    assert server.QUIET_S - limits.KEPT_LINK_S >= 5
    assert limits.MOST_LINKS < server.MOST_CONNECTIONS


def test_both_put_the_same_headers_on_what_they_refuse() -> None:
    theirs = {name.decode(): value.decode() for name, value in security.HEADERS}
    del theirs["vary"]  # the gateway speaks the visitor's language, nginx one
    assert {n.lower(): value for n, value in PROBLEM_HEADERS.items()} == theirs


def test_the_tier_passes_methods_the_gateway_knows() -> None:
    assert set(METHODS) <= door.METHODS


def test_the_photos_address_is_the_gateways() -> None:
    paths = [getattr(route, "path", "") for route in registrations.router.routes]
    (path,) = (path for path in paths if path.endswith("/photo"))
    assert re.fullmatch(PHOTO, f"/api/v1{path}")
    assert not re.match(PHOTO, "/api/v1/registrations/x/photo/more")


@pytest.mark.parametrize("stage", ["production", "development"])
def test_only_a_tests_stack_has_the_limits_of_a_test(stage: str) -> None:
    assert limits_of(stage) is PUBLIC
    assert limits_of("test") is TEST


def test_on_the_port_of_https_a_redirect_names_no_port() -> None:
    conf = nginx_conf(PLACE)
    assert "return 308 https://$host$request_uri;" in conf
    assert "listen 0.0.0.0:443 ssl" in conf
    assert "user " not in conf


def test_every_gateway_of_the_list_is_led_to() -> None:
    conf = nginx_conf(PLACE)
    for address in PLACE.gateways:
        assert f"server {address} max_conns={limits.MOST_LINKS} max_fails=0;" in conf


def test_every_error_of_nginx_has_one_answer() -> None:
    answered = [number for problem in PROBLEMS for number in problem.errors]
    assert len(answered) == len(set(answered))
    assert {problem.place for problem in PROBLEMS} == {
        f"/.problem/{problem.code}_{problem.status}" for problem in PROBLEMS
    }
