"""What all tests share; the fixtures are in tests/support."""

import os

from hypothesis import settings

pytest_plugins = ("lab_fixture", "postgres_fixture", "site_fixture")

# CI tells of a change, so it takes the same examples every time; a developer's run looks further.
settings.register_profile("ci", derandomize=True, print_blob=True)
settings.register_profile("developer", print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "developer")
