"""Files that the environment names instead of site.yaml: :func:`with_environment`.

A CI job's secret file and a systemd credential are somewhere else on each run. Law: an empty
variable is none, as a CI passes one for a secret that is not set.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inventory.models import SiteFile

KEY_FILE: Final = "RINGFENCE_KEY_FILE"
PASSWORD_FILE: Final = "RINGFENCE_PASSWORD_FILE"  # noqa: S105 - a variable's name
WEBHOOK_FILE: Final = "RINGFENCE_WEBHOOK_URL_FILE"


def with_environment(settings: SiteFile) -> SiteFile:
    """Return ``settings`` with the files of key, password and webhook that the environment names.

    Relative paths start where the command was begun.
    """
    ssh, credentials, webhook = settings.ssh, settings.credentials, settings.webhook
    if key := os.environ.get(KEY_FILE):
        ssh = ssh.model_copy(update={"key_file": str(Path(key).absolute())})
    if password := os.environ.get(PASSWORD_FILE):
        file = {"password_file": str(Path(password).absolute())}
        credentials = credentials.model_copy(update=file)
    if address := os.environ.get(WEBHOOK_FILE):
        webhook = webhook.model_copy(update={"url_file": str(Path(address).absolute())})
    update = {"ssh": ssh, "credentials": credentials, "webhook": webhook}
    return settings.model_copy(update=update)
