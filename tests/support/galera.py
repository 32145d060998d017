"""A Galera cluster of two nodes of a test run's own, from the MariaDB that is installed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
PROGRAMS = ("mariadbd", "mariadb-install-db", "rsync")
_OPTIONS = (
    "--wsrep-on=ON",
    f"--wsrep-provider={PROVIDER}",
    "--wsrep-sst-method=rsync",
    "--binlog-format=ROW",
    "--innodb-autoinc-lock-mode=2",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
)


def lacking() -> list[str]:
    """Return what is not installed that a cluster needs."""
    programs = [name for name in PROGRAMS if shutil.which(name) is None]
    return programs if PROVIDER.exists() else [*programs, str(PROVIDER)]


@dataclass
class Node:
    """One server of the cluster, and the ways into it."""

    folder: Path
    port: int
    cluster_port: int
    process: subprocess.Popen[bytes] | None = None
    database: str = ""

    @property
    def url(self) -> str:
        """The URL of the database that is worked on."""
        options = "charset=utf8mb4&ssl_disabled=true"
        return f"mariadb+pymysql://root@127.0.0.1:{self.port}/{self.database}?{options}"

    @contextlib.contextmanager
    def connected(self) -> Iterator[sa.Connection]:
        """Open a connection that commits each statement."""
        engine = sa.create_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection

    def execute(self, *statements: str) -> None:
        """Run statements, each of which commits."""
        with self.connected() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def start(self, address: str) -> None:
        """Start the server and wait until it answers as a part of the cluster."""
        data = self.folder / "data"
        # As root rsync would write as nobody.
        user = ["--user=mysql"] if os.getuid() == 0 else []
        if not data.exists():
            if user:
                shutil.chown(self.folder, "mysql")
            subprocess.run(
                [
                    *("mariadb-install-db", "--no-defaults", f"--datadir={data}", *user),
                    *("--auth-root-authentication-method=normal", "--skip-test-db"),
                    "--skip-name-resolve",
                ],
                check=True,
                capture_output=True,
                timeout=60,
            )
        own = f"127.0.0.1:{self.cluster_port}"
        provider = f"gmcast.listen_addr=tcp://{own};ist.recv_addr=127.0.0.1:{free_port()}"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *("mariadbd", "--no-defaults", *user, f"--datadir={data}", *_OPTIONS),
                    *(f"--socket={self.folder}/s", f"--pid-file={self.folder}/pid"),
                    *("--bind-address=127.0.0.1", f"--port={self.port}"),
                    *(f"--wsrep-cluster-address={address}", f"--wsrep-node-address={own}"),
                    f"--wsrep-sst-receive-address=127.0.0.1:{free_port()}",
                    f"--wsrep-provider-options={provider};gcache.size=64M",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + 60
        while True:
            try:
                with self.connected() as connection:
                    connection.exec_driver_sql("SELECT 1")
                return
            except sa.exc.DBAPIError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
            time.sleep(0.2)

    def isolate(self, alone: bool) -> None:
        """Cut the node off from the cluster, or let it in again; wait until it knows."""
        with contextlib.closing(
            pymysql.connect(host="127.0.0.1", user="root", port=self.port)
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SET GLOBAL wsrep_provider_options = 'gmcast.isolate={alone:d}'")
            wanted = "OFF" if alone else "ON"
            end = time.monotonic() + 60
            while True:
                cursor.execute("SHOW STATUS LIKE 'wsrep_ready'")
                if cursor.fetchone() == ("wsrep_ready", wanted):
                    return
                assert time.monotonic() < end, f"wsrep_ready is not {wanted}"
                time.sleep(0.2)

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()
            self.process.wait()


@dataclass
class Cluster:
    """Two nodes that take writes, with an empty database of one name."""

    first: Node
    second: Node
    names: list[str] = field(default_factory=list)

    def new_database(self) -> None:
        """Make another database, and have both nodes work on it."""
        for node in (self.first, self.second):
            node.database = ""
        name = f"demosnap_test_{secrets.token_hex(4)}"
        self.first.execute(f"CREATE DATABASE {name}")
        for node in (self.first, self.second):
            node.database = name


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Start two nodes, and end them."""
    # A socket's path may be no longer than about 100 bytes.
    with tempfile.TemporaryDirectory(prefix="galera") as name:
        Path(name).chmod(0o755)
        nodes = []
        for number in "12":
            folder = Path(name) / number
            folder.mkdir()
            nodes.append(Node(folder, free_port(), free_port()))
        first, second = nodes
        try:
            first.start("gcomm://")
            second.start(f"gcomm://127.0.0.1:{first.cluster_port}")
            yield Cluster(first, second)
        finally:
            second.stop()
            first.stop()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
