"""Made-up fabrics for tests of what is changed together: :func:`fabric_site`, :func:`fabrics`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from inventory.errors import Place
from inventory.fields import Role
from inventory.hosts import Device
from inventory.models import SiteFile
from inventory.sessions import Session
from inventory.site import Site
from inventory.source import empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HERE = Path("site")


def make_device(
    name: str,
    role: Role,
    *,
    rack: str | None = None,
    plane: str | None = None,
    peers: Iterable[str] = (),
    outside: Iterable[str] = (),
) -> Device:
    """Return a switch with a session to each of ``peers``, and to routers ``outside``."""
    inside = tuple(Session(neighbor=f"10.9.0.{n}", device=to) for n, to in enumerate(peers))
    return Device(
        name=name,
        hostname=name,
        platform="frr",
        role=role,
        groups=(role,),
        asn=65000,
        rack=rack,
        plane=plane,
        sessions=(*inside, *(Session(neighbor=to, role=Role.EXTERNAL) for to in outside)),
        ignore_neighbors=(),
        place=Place(HERE),
    )


def fabric_site(devices: Iterable[Device], **settings: object) -> Site:
    """Return a site of ``devices`` whose waves are as ``settings`` say."""
    return Site(
        path=HERE,
        settings=SiteFile.model_validate({"name": "dc1", "waves": settings}),
        clusters={},
        devices={one.name: one for one in devices},
        pools_source=empty(HERE),
    )


def leaf_spine(
    tors: int, spines: int, borders: int, *, planes: int = 1, racks_of: int = 2
) -> list[Device]:
    """Return a fabric: every ToR has every spine, every spine the borders of its plane's number."""
    spine_names = [f"spine{n}" for n in range(1, spines + 1)]
    border_names = [f"border{n}" for n in range(1, borders + 1)]
    return [
        *(make_device(name, Role.BORDER) for name in border_names),
        *(
            make_device(
                name,
                Role.SPINE,
                plane=f"p{at % planes}" if planes > 1 else None,
                peers=[one for n, one in enumerate(border_names) if n % planes == at % planes],
            )
            for at, name in enumerate(spine_names)
        ),
        *(
            make_device(f"tor{n}", Role.TOR, rack=f"rack{(n - 1) // racks_of}", peers=spine_names)
            for n in range(1, tors + 1)
        ),
    ]


@st.composite
def fabrics(draw: st.DrawFn, most: int = 60) -> tuple[Site, list[str]]:
    """Return a site with any sessions, racks and planes, and the devices of it that change."""
    roles = draw(
        st.lists(st.sampled_from([Role.TOR, Role.SPINE, Role.BORDER]), min_size=2, max_size=most)
    )
    names = [f"d{at}" for at in range(len(roles))]
    seed = draw(st.randoms(use_true_random=False))
    racks: list[str | None] = [None, *(f"r{n}" for n in range(draw(st.integers(1, most))))]
    planes: list[str | None] = [None, *(f"p{n}" for n in range(draw(st.integers(0, 4))))]
    routers = [f"192.0.2.{n}" for n in range(draw(st.integers(1, 5)))]
    degree = draw(st.integers(0, 6))
    devices = [
        make_device(
            name,
            role,
            rack=seed.choice(racks),
            plane=seed.choice(planes),
            peers=seed.sample([one for one in names if one != name], min(degree, len(names) - 1)),
            outside=seed.sample(routers, seed.randint(0, 1)),
        )
        for name, role in zip(names, roles, strict=True)
    ]
    settings: Mapping[str, object] = {
        "canary": draw(st.booleans()),
        "size": draw(st.one_of(st.integers(1, 20), st.sampled_from(["1%", "25%", "50%", "100%"]))),
        "order": draw(
            st.permutations(["tor", "spine", "border"]).flatmap(
                lambda order: st.integers(0, 3).map(lambda number: order[:number])
            )
        ),
    }
    changed = draw(st.one_of(st.just(names), st.lists(st.sampled_from(names), unique=True)))
    return fabric_site(devices, **settings), changed
