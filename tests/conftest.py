"""What all tests share; the fixtures are in tests/support."""

import os
import signal

from hypothesis import settings
from tls_sockets import close_what_was_not_made

pytest_plugins = ("lab_fixture", "postgres_fixture", "site_fixture")

# CI tells of a change, so it takes the same examples every time; a developer's run looks further.
# How long an example takes says more of the machine than of what is tested.
settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)
settings.register_profile("developer", print_blob=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "developer")

# Under nohup, or as a shell's job in the background, signals are ignored, and what is ignored stays
# so in every process that is begun: tests that send some need them heard.
for _number, _heard in (
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGINT, signal.default_int_handler),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _heard)

close_what_was_not_made()
