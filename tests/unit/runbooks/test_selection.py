"""What ``--limit`` means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import GROUPS, HOSTS, make_site

from inventory.errors import InputError
from runbooks.selection import select

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], ["tor1", "spine1", "border1"]),
        (["tor1"], ["tor1"]),
        (["tor"], ["tor1"]),
        (["edge"], ["spine1", "border1"]),
        (["border1,tor1"], ["tor1", "border1"]),
        (["border1", "tor"], ["tor1", "border1"]),
        ([" tor1 , tor1,"], ["tor1"]),
    ],
)
def test_hosts_roles_and_groups(limits: list[str], expected: list[str], tmp_path: Path) -> None:
    hosts = HOSTS.replace("[spine]", "[spine, edge]").replace("[border]", "[border, edge]")
    site = make_site(tmp_path, hosts=hosts, groups=GROUPS + "edge: {}\n")
    assert select(site, limits) == tuple(expected)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (["tor9"], "--limit tor9: no host, role or group of that name"),
        (["tor1,leaf"], "--limit leaf: no host, role or group of that name"),
        (["node"], "--limit node: no host, role or group of that name"),
        ([""], "--limit names nothing; give hosts, roles or groups, or leave it out for all"),
        ([" , "], "--limit names nothing; give hosts, roles or groups, or leave it out for all"),
    ],
)
def test_a_limit_that_means_nothing_is_never_everything(
    limits: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        select(make_site(tmp_path), limits)
    assert str(caught.value) == f"{tmp_path}/hosts.yaml: {said}"
