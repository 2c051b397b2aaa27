"""The peer's two addresses: logging in, and asking who one is."""

import json
from typing import Any

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, JsonResponse
from django.urls import path


def log_in(request: HttpRequest) -> JsonResponse:
    """One pair of login and password."""
    given: Any = json.loads(request.body)
    user = authenticate(request, username=given["login"], password=given["password"])
    if user is None:
        return JsonResponse({"code": "refused"}, status=401)
    login(request, user)
    return JsonResponse({"code": "welcome"})


def current(request: HttpRequest) -> JsonResponse:
    """Who the session's cookie is of."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "session_required"}, status=401)
    return JsonResponse({"client_id": request.user.pk, "name": str(request.user)})


urlpatterns = [path("sessions", log_in), path("sessions/current", current)]
