"""No test reaches anything but this machine. Must not be relaxed: a test starts a server on loopback."""

import ipaddress
import socket
import sys
from typing import Any

LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "", None})
ADDRESS_AT = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0}


def forbid_network() -> None:
    """Refuse, for the rest of this process, every connection that leaves the machine."""
    sys.addaudithook(_refuse_remote)


def _refuse_remote(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ADDRESS_AT:
        return
    address = arguments[ADDRESS_AT[event]]
    if event != "socket.getaddrinfo":
        if arguments[0].family not in {socket.AF_INET, socket.AF_INET6}:
            return
        address = address[0]
    if not _is_local(address):
        raise RuntimeError(f"a test may not reach {address}: only this machine")


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        return False
