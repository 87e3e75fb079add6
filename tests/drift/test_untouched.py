"""No false finding: over 200 configurations of an operator's that ringfence guarded, untouched."""

from __future__ import annotations

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from untouched import PLATFORMS, Deployment, deployed, deployments

from policies.dialects import DIALECTS
from policies.drift import drift
from policies.managed import Managed, managed

#: Of each platform: 210 in all.
EACH = 35


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_untouched_device_has_no_findings(platform: str) -> None:
    seen: set[str] = set()

    @settings(
        max_examples=3 * EACH,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
    )
    @given(deployments(platform), st.booleans())
    def check(one: Deployment, twice: bool) -> None:
        if len(seen) == EACH:
            return
        text = deployed(one, one.text)
        assume(text is not None)
        assert text is not None
        if twice:
            again = deployed(one, text, 1)
            assume(again is not None)
            assert again is not None
            text = again
        running = DIALECTS[platform].parse(text)
        assume(managed(running) != Managed())
        found = drift(one.device(), running, one.guards(1 if twice else 0))
        assert found == (), "\n".join([*map(str, found), text])
        seen.add(text)

    check()
    assert len(seen) == EACH
