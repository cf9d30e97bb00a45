"""Checks redirects before they are followed.

A hub may redirect the client to another host for large files. It must not be able to redirect the client into a private
network, to an address without TLS, or to an address with a user name.
"""

import socket
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from hypiler.diagnostics.escaping import quote_name
from hypiler.hub.snapshot import AnswerError

_PORTS = {"http": 80, "https": 443}


def redirected(url: str, location: str, hub: SplitResult, resource: object) -> str:
    """The address that a redirect leads to. Raises AnswerError if the redirect may not be followed.

    Args:
        url: The address that was requested.
        location: The redirect's target, as the response states it.
        hub: The address of the hub.
        resource: What was requested, as messages name it.
    """
    senseless = AnswerError(
        f"{resource} cannot be read: it is redirected to {quote_name(location)}, which is not an address"
    )
    try:
        new = urljoin(url, location)
        place = urlsplit(new)
        same = origin(place) == origin(hub)
    except ValueError:
        raise senseless from None
    if not location or not new.isascii() or not new.isprintable() or "\\" in new:
        raise senseless
    refused = None if same else _refusal(place, hub)
    if refused is None:
        return new
    where = quote_name(f"{place.scheme}://{host_of(place)}")
    raise AnswerError(f"{resource} cannot be read: it is redirected to {where}, {refused}; no request was sent there")


def _refusal(place: SplitResult, hub: SplitResult) -> str | None:
    """Why a redirect to another host is refused; None if it is followed."""
    own, classes = address_classes(hub), address_classes(place)
    strange = classes - own - {"public"}
    # A redirect without TLS is allowed only if both the hub and the target are on this machine.
    plain = place.scheme == hub.scheme == "http" and own == classes == {"loopback"}
    if place.scheme != "https" and not plain:
        return "which is not https"
    if "@" in place.netloc:
        return "which has a user's name in it"
    return f"which is a {min(strange)} address" if strange else None


def origin(place: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port. Raises ValueError for an invalid port."""
    return place.scheme, place.hostname, place.port or _PORTS.get(place.scheme)


def host_of(place: SplitResult) -> str:
    """The host and the port of an address, without a user name and password."""
    return place.netloc.rpartition("@")[2]


def address_classes(place: SplitResult) -> set[str]:
    """The classes of a host's addresses; empty if its name cannot be resolved here, but perhaps by a proxy."""
    try:
        found = socket.getaddrinfo(place.hostname, None)
    except (OSError, UnicodeError):
        return set()
    return {_address_class(str(address[0])) for *_, address in found}


def _address_class(address: str) -> str:
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    return "public" if ip.is_global else "private"
