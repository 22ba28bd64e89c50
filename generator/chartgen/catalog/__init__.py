"""The catalog: packages, the ledger of what was released, the index that devices read."""

from chartgen.catalog.index import Index, derive_index
from chartgen.catalog.ledger import Ledger, Release, Remove, Resume, Row, Suspend
from chartgen.catalog.store import (
    Catalog,
    Changes,
    Draft,
    catalog_lock,
    draft_catalog,
    icon_path,
    package_path,
    read_catalog,
    refuse_inside,
    write_catalog,
)

__all__ = [
    "Catalog",
    "Changes",
    "Draft",
    "Index",
    "Ledger",
    "Release",
    "Remove",
    "Resume",
    "Row",
    "Suspend",
    "catalog_lock",
    "derive_index",
    "draft_catalog",
    "icon_path",
    "package_path",
    "read_catalog",
    "refuse_inside",
    "write_catalog",
]
