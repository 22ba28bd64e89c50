"""The v1 protocol of a market source (Olares market contract 1.3 to 1.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chartgen.market.site import Offer, Site, asked_version, dump

MAX_IDS = 200
"""Ids in one question; clients ask for ten."""


def hash_answer(site: Site, query: Mapping[str, str]) -> bytes:
    """`GET /appstore/hash`: the hash of what this version is offered."""
    version = asked_version(query.get("version"))
    return dump(_head(site, site.offer(version), version))


def info(site: Site, query: Mapping[str, str]) -> bytes:
    """`GET /appstore/info`: every app that this version is offered, and the layout."""
    version = asked_version(query.get("version"))
    offer = site.offer(version)
    head = dump({**_head(site, offer, version), "stats": {}})
    return head[:-1] + b',"data":' + offer.data_json + b"}"


def _head(site: Site, offer: Offer, version: str) -> dict[str, str]:
    return {"hash": offer.hash, "last_updated": site.updated, "version": version}


def asked(body: object) -> tuple[list[str], str]:
    """The ids and the version of a question; raises `ValueError` saying what is wrong."""
    if not isinstance(body, dict):
        raise ValueError("it must be an object")
    ids = body.get("app_ids")
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ValueError("app_ids must be a list of strings")
    if len(ids) > MAX_IDS:
        raise ValueError(f"app_ids holds at most {MAX_IDS} ids")
    version = body.get("version")
    return ids, asked_version(version if isinstance(version, str) else None)


def details(site: Site, ids: Sequence[str], version: str) -> bytes:
    """`POST /applications/info`: the apps that were asked for and no other.

    A device stores whatever an answer holds, asked or not; unknown ids are told in
    `not_found`.
    """
    offered = site.offer(version).apps
    wanted = dict.fromkeys(ids)
    found = [b'"%s":%s' % (one.encode(), site.detail(one)) for one in wanted if one in offered]
    missing = [one for one in wanted if one not in offered]
    rest = dump({"not_found": missing, "version": version})
    return b'{"apps":{' + b",".join(found) + b"}," + rest[1:]
