"""Ports and certificates for tests."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from pathlib import Path
from typing import Iterator


def refused_port(host: str = "127.0.0.1") -> int:
    """Return a port of this address at which nobody listens."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as unused:
        port: int = unused.getsockname()[1]
        return port


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """Yield a port at which the kernel takes no more connections, so that connecting takes for ever (on Linux)."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the parameter has no name
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def self_signed_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine, signed by itself, with the `openssl` command; return its file and its key's.

    FileNotFoundError where there is no such command, subprocess.CalledProcessError when it fails.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", names]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed command line
    return certificate, key
