"""Addresses as Go's net/url.Parse reads them, as far as the gate asks: scheme and host.

Go refuses blanks and most punctuation in a host, control characters, a port that is no number
and a broken percent escape in host, path or fragment; it takes anything in a query, and blanks
in a path. A scheme may be written in capitals.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ASCII_ESCAPE = re.compile(r"%(?!25)[0-7]")
"""In a host only other characters than ASCII may be escaped, and the percent sign."""
_NOT_IN_HOST = re.compile(r"[^A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]")
_NOT_IN_USER = re.compile(r"[^A-Za-z0-9\-._:~!$&'()*+,;=%@]")
_PORT = re.compile(r"(?::[0-9]*)?")


class UrlError(ValueError):
    """A text that Go cannot parse as an address."""


@dataclass(frozen=True, slots=True)
class Url:
    """The scheme in small letters and the host with its port; each may be empty."""

    scheme: str
    host: str


def parse_url(text: str) -> Url:
    """The scheme and host of an address. Raises `UrlError`."""
    rest, _, fragment = text.partition("#")
    if _CONTROL.search(rest):
        raise UrlError("invalid control character in URL")
    if rest[:1] == ":":
        raise UrlError("missing protocol scheme")
    found = _SCHEME.fullmatch(rest)
    scheme, rest = (found[1].lower(), found[2]) if found else ("", rest)
    host = _host_of(scheme, rest.partition("?")[0])
    _check_escapes(fragment)
    return Url(scheme, host)


def is_http_url(text: str) -> bool:
    """Whether the gate takes it for an icon: http or https, and a host."""
    try:
        url = parse_url(text)
    except UrlError:
        return False
    return url.scheme in ("http", "https") and url.host != ""


def _host_of(scheme: str, rest: str) -> str:
    if not rest.startswith("/"):
        if not scheme and ":" in rest.partition("/")[0]:
            raise UrlError("first path segment in URL cannot contain colon")
        if not scheme:
            _check_escapes(rest)
        return ""
    if not rest.startswith("//") or (not scheme and rest.startswith("///")):
        _check_escapes(rest)
        return ""
    authority, slash, path = rest[2:].partition("/")
    host = _authority(authority)
    _check_escapes(slash + path)
    return host


def _authority(text: str) -> str:
    user, at, host = text.rpartition("@")
    host = _bracketed(host) if "[" in host else _plain_host(host)
    if at and _NOT_IN_USER.search(user):
        raise UrlError("invalid userinfo")
    _check_escapes(user)
    return host


def _plain_host(text: str) -> str:
    if ":" in text:
        _check_port(text[text.rindex(":") :])
    return _host(text)


def _host(text: str) -> str:
    _check_escapes(text)
    if _ASCII_ESCAPE.search(text) or _NOT_IN_HOST.search(text):
        raise UrlError("invalid character in host name")
    return text


def _bracketed(text: str) -> str:
    """An IPv6 address in brackets, perhaps with a zone after `%25`."""
    inside, close, port = text[1:].rpartition("]")
    if not text.startswith("[") or not close or "[" in inside:
        raise UrlError("missing ']' in host")
    _check_port(port)
    address, _, zone = inside.partition("%25")
    _check_escapes(zone)
    try:
        ipaddress.IPv6Address(_host(address))
    except ValueError as error:
        raise UrlError(f"invalid host: {error}") from error
    return text


def _check_port(text: str) -> None:
    if not _PORT.fullmatch(text):
        raise UrlError(f"invalid port {text} after host")


def _check_escapes(text: str) -> None:
    if _BROKEN_ESCAPE.search(text):
        raise UrlError("invalid URL escape")
