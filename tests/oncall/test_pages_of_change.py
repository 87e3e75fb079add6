"""The on-call pages for when something is to be changed.

Every command is run, in the lab, after setting the scene that the page is for.
"""

import pytest
from oncall_scenes import CHANGE, Scene, follow

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("page", CHANGE)
def test_a_page_does_what_it_says(scene: Scene, page: str) -> None:
    follow(scene, page)
