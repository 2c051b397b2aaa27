"""Builds what who was refused at registration may still do."""

from collections.abc import Callable, Mapping
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json
from kernel.platform import Platform
from services.onboarding.adapters.appeals import RpcAppeals
from services.onboarding.handlers import appeals
from services.onboarding.ports import Begin
from services.onboarding.settings import Settings


class RegistrationAppeals:
    """Appeals by the token of a registration."""

    def __init__(
        self, platform: Platform[Settings], *, begin: Callable[[Context], Begin]
    ) -> None:
        self._platform = platform
        self._begin = begin

    def file(
        self, context: Context, *, registration_id: UUID, token: str, text: str
    ) -> Mapping[str, Json]:
        return appeals.file_appeal(
            begin=self._begin(context),
            appeals=self._register(context),
            registration_id=registration_id,
            token=token,
            text=text,
        )

    def listed(
        self, context: Context, *, registration_id: UUID, token: str
    ) -> Mapping[str, Json]:
        return appeals.list_appeals(
            begin=self._begin(context),
            appeals=self._register(context),
            registration_id=registration_id,
            token=token,
        )

    def get(
        self, context: Context, *, registration_id: UUID, token: str, appeal_id: UUID
    ) -> Mapping[str, Json]:
        return appeals.get_appeal(
            begin=self._begin(context),
            appeals=self._register(context),
            registration_id=registration_id,
            token=token,
            appeal_id=appeal_id,
        )

    def _register(self, context: Context) -> RpcAppeals:
        return RpcAppeals(self._platform.rpc, context)
