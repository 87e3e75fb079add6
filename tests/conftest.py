"""What all tests share; the fixtures are in tests/support."""

pytest_plugins = ("lab_fixture", "site_fixture")
