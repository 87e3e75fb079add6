"""Which guard goes where: the default matrix, as data, and what a site makes of it.

A "none" is a choice, not an oversight: a node that learns other racks' blocks from its
ToR (AS per rack, AS per server) must not be told "never pools".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.fields import Role
from inventory.matrix import Guard, MatrixRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.models import SiteFile


def _row(on: Role, facing: Role, import_: Guard, export: Guard) -> MatrixRow:
    return MatrixRow.model_validate(
        {"on": on, "facing": facing, "import": import_, "export": export}
    )


DEFAULT = (
    _row(Role.TOR, Role.NODE, Guard.ONLY, Guard.NONE),
    _row(Role.TOR, Role.SPINE, Guard.NONE, Guard.ONLY_AND_INFRASTRUCTURE),
    _row(Role.SPINE, Role.TOR, Guard.ONLY_AND_INFRASTRUCTURE, Guard.NONE),
    _row(Role.SPINE, Role.BORDER, Guard.NEVER, Guard.ONLY),
    _row(Role.BORDER, Role.SPINE, Guard.ONLY, Guard.NEVER),
    _row(Role.BORDER, Role.EXTERNAL, Guard.NEVER, Guard.NONE),
)


def matrix(settings: SiteFile) -> Mapping[tuple[Role, Role], MatrixRow]:
    """Return the rows by (role of the device, role it faces); a site's row replaces a default."""
    return {(row.on, row.facing): row for row in (*DEFAULT, *settings.matrix)}
