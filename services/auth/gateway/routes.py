"""Which operation an address and a method mean."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from re import Pattern
from typing import Final, TypeAlias

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Scope

Answering: TypeAlias = Callable[[Request], Awaitable[Response]]

_NOT_FOUND: Final = 404
_NOT_ALLOWED: Final = 405


@dataclass(frozen=True, slots=True)
class _Place:
    """An address, or a pattern of addresses, and what answers there by method."""

    path: str
    """As it is told in logs and records: never with a value of a parameter."""
    pattern: Pattern[str] | None
    methods: dict[str, Answering] = field(default_factory=dict)


class Routes:
    """All addresses: fixed ones by a look into a table, the others by their patterns.

    A fixed address goes before a pattern that fits it too.
    """

    def __init__(self, routes: Iterable[APIRoute], *, prefix: str) -> None:
        self._prefix = prefix
        self._fixed: dict[str, _Place] = {}
        self._patterns: dict[str, _Place] = {}
        for route in routes:
            places = self._patterns if route.param_convertors else self._fixed
            pattern = route.path_regex if route.param_convertors else None
            place = places.setdefault(route.path, _Place(route.path, pattern))
            for method in route.methods or ():
                place.methods.setdefault(method, route.get_route_handler())

    def add(self, path: str, methods: Mapping[str, Answering]) -> None:
        """A fixed address outside of the description."""
        self._fixed[path] = _Place(path, None, dict(methods))

    def find(self, scope: Scope) -> Answering:
        """What answers; the scope gets the route's pattern and the path's values.

        HTTPException 404 for an unknown address, 405 with the methods of a known one.
        """
        path: str = scope["path"]
        if not path.startswith(self._prefix):
            raise HTTPException(_NOT_FOUND)
        path = path[len(self._prefix) :]
        allowed: set[str] = set()
        for place, values in self._fitting(path):
            scope["route"], scope["path_params"] = place.path, values
            if scope["method"] in place.methods:
                return place.methods[scope["method"]]
            allowed |= place.methods.keys()
        if allowed:
            raise HTTPException(
                _NOT_ALLOWED, headers={"Allow": ", ".join(sorted(allowed))}
            )
        raise HTTPException(_NOT_FOUND)

    def _fitting(self, path: str) -> Iterable[tuple[_Place, dict[str, str]]]:
        if path in self._fixed:
            yield self._fixed[path], {}
        for place in self._patterns.values():
            if place.pattern is not None and (found := place.pattern.match(path)):
                yield place, found.groupdict()
