"""How devices and the ledger's database are reached and recognised, in the words of site.yaml.

Read :class:`Ssh` and :class:`Ledger`. No file of a site holds a password: only where one is.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from inventory.fields import DatabaseUrl, Model, PathField


class Ssh(Model):
    """How devices are reached and recognised; paths are relative to the site's folder.

    The environment variable RINGFENCE_KEY_FILE goes before ``key_file``.
    """

    key_file: PathField | None = None
    known_hosts: PathField | None = Field(
        default=None, description="the devices' host keys; default: the user's own known_hosts"
    )
    check_host_keys: bool = Field(
        default=True,
        description="false trusts whoever answers: anybody in between can read and change all",
    )


class Tls(Model):
    """How devices that speak HTTPS are recognised; paths are relative to the site's folder."""

    ca_file: PathField | None = Field(
        default=None, description="the authorities that sign the devices; default: the system's"
    )
    check_certificates: bool = Field(
        default=True,
        description="false trusts whoever answers: anybody in between can read and change all",
    )


class Credentials(Model):
    """Where the password comes from, for devices that want one; it stands in no file of a site.

    The environment variable RINGFENCE_PASSWORD goes first, then RINGFENCE_PASSWORD_FILE.
    """

    password_file: PathField | None = Field(
        default=None, description="a file with the password alone, which nobody else may read"
    )


class Ledger(Model):
    """Where the authoritative record of runs is; the password stands in no file of a site.

    The environment variable RINGFENCE_LEDGER_PASSWORD goes first, then the file; without either
    the database's own client looks for one (~/.pgpass) or needs none.
    """

    url: DatabaseUrl | None = Field(
        default=None,
        description="postgresql://USER@HOST/DATABASE, for several jump hosts; default: a file of "
        "SQLite in the folder of `runs`",
    )
    password_file: PathField | None = Field(
        default=None, description="a file with the password alone, which nobody else may read"
    )

    @model_validator(mode="after")
    def _password_for_something(self) -> Self:
        if self.password_file is not None and self.url is None:
            raise ValueError("password_file belongs to a url; add one, or take it out")
        return self
