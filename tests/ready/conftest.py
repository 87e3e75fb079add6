"""What a run of the CI files needs, made once for each: repository and network, and a forge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ci_scene import Scene
from forge import Forge, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.api import Lab


@pytest.fixture(scope="module")
def scene(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene.of(lab, tmp_path_factory.mktemp("ci"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with serving() as forge:
        yield forge
