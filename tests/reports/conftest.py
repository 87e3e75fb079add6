"""The browser for these tests, and the rule for machines that have none.

Law: a machine that lacks it skips these tests with the sentence that says what to install; under
CI=true it fails them, so that a pipeline never passes by skipping.
"""

import os
from collections.abc import Iterator

import pytest
from chromium import Chromium, Page, missing


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Return a running browser for the whole session."""
    if missing():
        if os.environ.get("CI") == "true":
            pytest.fail(missing(), pytrace=False)
        pytest.skip(missing())
    running = Chromium(tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """Return an empty page of its own."""
    with chromium.page() as opened:
        yield opened
