"""Three private RabbitMQ nodes in one cluster, to be killed and cut off one by one.

They share certificates, cookie and node directory; a partition is made by the nodes'
own cookies: who shows a wrong one is not let in, and what stands is disconnected.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from infra import pki, topology
from infra.layout import Layout, find_program
from infra.rabbitmq.server import Broker
from infra.stack import environment, ports
from kernel import bus
from kernel.settings import WireSettings, read

VHOST: Final = "kredit"
READY_WITHIN_S: Final = 120.0
_CONTROL_S: Final = 120
_ENDS_WITHIN_S: Final = 30
_NODES: Final = (1, 2, 3)
_LISTENERS: Final = (topology.BROKER_SERVER, "rabbitmq.distribution")
# A node that is gone without a word is missed after about four seconds.
_FLAGS: Final = " -kernel net_ticktime 4"
_POLICY: Final = "\ncluster_partition_handling = pause_minority\n"


@dataclass(eq=False)
class Node:
    """One node; `broker` knows its files and ports."""

    name: str
    broker: Broker
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.broker.port)

    def start(self) -> None:
        log = self.broker.layout.logs / "node.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self.broker.command(),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL; nothing is flushed, nobody is told."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_ENDS_WITHIN_S)
            self._process = None

    def control(self, *words: str) -> str:
        run = subprocess.run(
            [find_program("usr/lib/rabbitmq/bin/rabbitmqctl"), "-q", *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_CONTROL_S,
        )
        assert run.returncode == 0, f"rabbitmqctl {words}: {run.stdout}{run.stderr}"
        return run.stdout

    def _environment(self) -> dict[str, str]:
        own = self.broker.environment()
        flags = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"
        return {
            **own,
            "RABBITMQ_NODENAME": self.name,
            flags: own[flags] + _FLAGS,
        }


class Cluster:
    """Use as a context: everything it started has ended on leaving."""

    def __init__(self, folder: Path) -> None:
        self._first = Layout(folder / "1")
        self.nodes: list[Node] = []
        self._directory: subprocess.Popen[bytes] | None = None
        self._environments: environment.Environments | None = None

    def __enter__(self) -> Self:
        self._first.prepare()
        pki.ensure(self._first, now=datetime.fromtimestamp(time.time(), UTC))
        chosen = ports.choose(self._first, running=False)
        self._environments = environment.Environments(
            self._first, chosen, "test", log_vkey="nobody witnesses"
        )
        self._environments.write()
        directory_port = chosen[topology.NODE_DIRECTORY]
        for number in _NODES:
            self.nodes.append(self._prepared(number, directory_port))
        first = self.nodes[0]
        self._directory = subprocess.Popen(
            first.broker.directory_command(), env=first.broker.environment()
        )
        try:
            self._form()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()
        if self._directory is not None:
            self._directory.kill()
            self._directory.wait(_ENDS_WITHIN_S)

    def door(self, principal: str, service: str, port: int) -> bus.Broker:
        """The way of a principal that finds the cluster at ``port``."""
        assert self._environments is not None
        env = environment.read(self._first.env / f"{principal}.env")
        told = read(WireSettings, prefix=service, environ=env)
        return bus.Broker(
            f"amqps://127.0.0.1:{port}/{VHOST}",
            told.principal,
            told.tls_ca,
            told.tls_cert,
            told.tls_key,
        )

    def leader_of(self, queue: str) -> Node:
        """The node that leads the quorum queue now."""
        alive = next(node for node in self.nodes if node.broker.is_ready())
        said = alive.control(
            "list_queues", "-p", VHOST, "name", "leader", "--no-table-headers"
        )
        leaders = dict(line.split() for line in said.splitlines())
        return next(node for node in self.nodes if node.name == leaders[queue])

    def wait_ready(self, *nodes: Node) -> None:
        for node in nodes:
            _await(node.broker.is_ready, node.name)

    def isolate(self, node: Node) -> None:
        """Cut ``node`` off from the others; clients still reach it."""
        node.control(
            "eval",
            "[begin erlang:set_cookie(N, wrong), erlang:disconnect_node(N) end"
            f" || N <- {self._others(node)}].",
        )

    def rejoin(self, node: Node) -> None:
        """Let the others in again."""
        node.control(
            "eval",
            "[erlang:set_cookie(N, erlang:get_cookie())"
            f" || N <- {self._others(node)}].",
        )

    def _others(self, node: Node) -> str:
        return "[" + ",".join(f"'{n.name}'" for n in self.nodes if n is not node) + "]"

    def _prepared(self, number: int, directory_port: int) -> Node:
        layout = replace(self._first, state=self._first.state.parent / str(number))
        if layout != self._first:
            layout.state.mkdir()
            layout.prepare()
            shutil.rmtree(layout.pki)
            layout.pki.symlink_to(self._first.pki)
        chosen = ports.choose(layout, running=False)
        listens, talks = (chosen[name] for name in _LISTENERS)
        broker = Broker(layout, listens, talks, directory_port)
        broker.prepare()
        with (layout.rabbitmq / "rabbitmq.conf").open("a") as conf:
            conf.write(_POLICY)
        cookie = ".erlang.cookie"
        if layout != self._first:
            theirs = layout.rabbitmq / cookie
            theirs.unlink()
            shutil.copy(self._first.rabbitmq / cookie, theirs)
        return Node(f"kredit{number}@localhost", broker)

    def _form(self) -> None:
        for node in self.nodes:
            node.start()
        self.wait_ready(*self.nodes)
        first, *others = self.nodes
        for node in others:
            node.control("stop_app")
            node.control("join_cluster", first.name)
            node.control("start_app")
        self.wait_ready(*self.nodes)


def _await(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while not is_so():
        assert time.monotonic() < end, f"{what} is not ready"
        time.sleep(0.2)
