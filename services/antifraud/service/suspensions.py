"""The door to suspensions, and to rules that were tripped."""

from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import answers, every, executes
from services.antifraud.wiring import UseCases


class SuspensionDoor:
    """Persons hold, review and let go; two arm a rule again (clause 6.1g)."""

    use_cases: UseCases

    @answers(permission="antifraud.look")
    def holds_list(self, call: Call) -> Json:
        """What is suspended, what ends first before the others."""
        return self.use_cases.suspensions.listed(call)

    @answers(permission="antifraud.hold")
    def suspend_name(self, call: Call, *, entity: str, value: str, ground: str) -> Json:
        """Suspend an account or a device; its keyed name alone is kept."""
        return self.use_cases.suspensions.suspend_name(
            call, entity=entity, value=value, ground=ground
        )

    @answers(permission="antifraud.release")
    def release(self, call: Call, *, held: str, ground: str) -> Json:
        """Let an operation, a client, an account or a device move again."""
        return self.use_cases.suspensions.release(call, held=held, ground=ground)

    @answers(permission="antifraud.release")
    def keep_suspended(self, call: Call, *, held: str, ground: str) -> Json:
        """A suspension near its end was reviewed, and goes on for a term."""
        return self.use_cases.suspensions.keep(call, held=held, ground=ground)

    @answers(permission="antifraud.look")
    def rules_tripped(self, call: Call) -> Json:
        """Which rules ask for a look only."""
        return self.use_cases.suspensions.tripped(call)

    @answers(permission="antifraud.rules")
    def ask_rearm(self, call: Call, *, version: str, rule: str) -> Json:
        """Ask that a tripped rule stop operations again; another person decides."""
        return self.use_cases.suspensions.ask_rearm(call, version=version, rule=rule)

    @executes(permission="antifraud.rules_decide")
    def rearm_rule(self, tx: Transaction, approval: Approval, by: StaffMember) -> None:
        """Two agree: the rule stops operations again."""
        self.use_cases.suspensions.rearm(tx, approval, by.id)

    @every(seconds=30)
    def watch_suspensions(self) -> None:
        """Call a person before a term ends; trip a rule that stops too much."""
        self.use_cases.suspensions.watch()
