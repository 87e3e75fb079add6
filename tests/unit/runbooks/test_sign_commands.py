"""``sign``, ``signers``, and a ``deploy`` that demands signatures, on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from plans import make_plan
from signing import Signing, public

from inventory.errors import Exit
from runbooks import cli, deploy
from runbooks.deploy import Deployed
from runbooks.plan_file import parse_plan
from runbooks.planning import Prepared
from runbooks.progress import Progress
from tasks.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runbooks.plan_file import Plan


@pytest.fixture
def signing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signing:
    for name in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return Signing(tmp_path).setup(required=2)


@pytest.fixture
def run(signing: Signing, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*arguments: object) -> tuple[int, str]:
        code = cli.run([*map(str, arguments), "--site", str(signing.site_path)])
        out, err = capsys.readouterr()
        return code, err or out

    return run


def test_two_sign_and_the_plan_is_let_through(signing: Signing, run: Any) -> None:  # noqa: ANN401
    alice, bob = signing.key("alice"), signing.key("bob")
    signing.allow(f"alice {public(alice)}", f"bob {public(bob)}")
    code, said = run("sign", signing.plan, "--key", alice)
    assert code == Exit.DONE
    assert said.splitlines()[0] == f"signed {signing.plan}, which changes 1 device: {signing.sig}"
    assert said.splitlines()[1].startswith("alice (SHA256:")
    assert said.splitlines()[2:] == [
        "the site demands that two different people sign, which is not met yet"
    ]
    code, said = run("signers", signing.plan, "--json")
    assert (code, json.loads(said)["enough"]) == (Exit.REFUSED, False)
    code, said = run("deploy", signing.plan)
    assert code == Exit.REFUSED
    assert "the site wants it signed by 2 different people, and it is by alice (SHA256:" in said
    assert run("sign", signing.plan, "--key", bob)[0] == Exit.DONE
    code, said = run("signers", signing.plan, "--json")
    assert code == Exit.DONE
    assert json.loads(said) == {
        "schema": "ringfence.result/v1",
        "command": "signers",
        "exit_code": 0,
        "enough": True,
        "signatures": [
            {"key": one.key, "people": [name], "problem": None}
            for one, name in zip(signing.judged(), ["alice", "bob"], strict=True)
        ],
    }
    # Signed well enough; it was made of other files, which is the next thing that is looked at.
    code, said = run("deploy", signing.plan)
    assert code == Exit.REFUSED
    assert "sign" not in said
    assert "make a new plan" in said


def test_deploy_without_a_plan_names_the_way(signing: Signing, run: Any) -> None:  # noqa: ANN401
    assert run("deploy", "--yes") == (
        Exit.REFUSED,
        (
            "ringfence: the site dc1 carries out only plans that 2 different people signed; "
            "nothing was contacted; go on with: ringfence plan --out plan.json, then ringfence "
            "sign plan.json --key FILE, then ringfence deploy plan.json\n"
        ),
    )
    signing.setup(required=1)
    assert "only plans that somebody signed" in run("deploy", "--yes")[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no such plan"), ("{}", "not a ringfence.plan/v1 plan: ")],
)
def test_only_a_plan_is_signed(
    signing: Signing,
    run: Any,  # noqa: ANN401
    content: str | None,
    said: str,
) -> None:
    key = signing.key("alice")
    signing.plan.unlink()
    if content is not None:
        signing.plan.write_text(content)
    code, text = run("sign", signing.plan, "--key", key)
    assert (code, signing.sig.exists()) == (Exit.BAD_INPUT, False)
    assert said in text


def test_another_sites_plan_is_not_signed(signing: Signing, run: Any) -> None:  # noqa: ANN401
    signing.plan.write_text(make_plan(site="dc2").text())
    assert run("sign", signing.plan, "--key", signing.key("alice")) == (
        Exit.REFUSED,
        (
            f"ringfence: {signing.plan}: the plan is for the site dc2, this is dc1; name its site "
            "with --site\n"
        ),
    )


def test_a_key_with_a_passphrase_wants_the_agent(signing: Signing, run: Any) -> None:  # noqa: ANN401
    key = signing.key("alice", passphrase="secret words")
    code, said = run("sign", signing.plan, "--key", key)
    assert code == Exit.FAILED
    assert said.startswith(f"ringfence: ssh-keygen did not sign with {key}: ")
    assert "incorrect passphrase" in said
    assert said.endswith("a terminal to ask on, or the agent (ssh-add KEY)\n")
    assert len(said.splitlines()) == 1
    assert not signing.sig.exists()


def test_a_passphrase_is_asked_for_on_the_terminal(signing: Signing) -> None:
    key = signing.key("alice", passphrase="secret words")
    signing.allow(f"alice {public(key)}")
    site = ["--site", str(signing.site_path)]
    command = [sys.executable, "-m", "runbooks", "sign", str(signing.plan), "--key", str(key)]
    code = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    with subprocess.Popen(
        [sys.executable, "-c", code, *command, *site],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as terminal:
        assert terminal.stdin is not None
        assert terminal.stdout is not None
        shown = b""
        while b"passphrase" not in shown:
            piece = terminal.stdout.read(100)
            assert piece, shown
            shown += piece
        # Only now: what is typed before the question is thrown away.
        terminal.stdin.write(b"secret words\n")
        shown += terminal.stdout.read(10_000)
        terminal.wait()
    assert terminal.returncode == Exit.DONE, shown
    assert b"secret" not in shown
    assert [one.people for one in signing.judged()] == [("alice",)]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "agent")
    started = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE)  # noqa: S607
    assert started.stdout is not None
    assert started.stdout.readline().startswith(b"SSH_AUTH_SOCK=")
    yield path
    started.terminate()
    started.communicate()


def test_a_key_in_the_agent_is_named_by_its_public_half(
    signing: Signing,
    run: Any,  # noqa: ANN401
    agent: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = signing.key("alice")
    signing.allow(f"alice {public(key)}")
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env=dict(os.environ))  # noqa: S607
    key.unlink()
    assert run("sign", signing.plan, "--key", f"{key}.pub")[0] == Exit.DONE
    assert [one.people for one in signing.judged()] == [("alice",)]
    monkeypatch.delenv("SSH_AUTH_SOCK")
    code, said = run("sign", signing.plan, "--key", f"{key}.pub")
    assert (code, len(said.splitlines())) == (Exit.FAILED, 1)


def test_without_ssh_keygen_nothing_is_signed(
    signing: Signing,
    run: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = signing.key("alice")
    monkeypatch.setenv("PATH", str(signing.folder))
    assert run("sign", signing.plan, "--key", key) == (
        Exit.REFUSED,
        (
            "ringfence: there is no ssh-keygen on this machine, which signatures are made and "
            "checked with; install the OpenSSH client\n"
        ),
    )


def test_a_key_is_named(signing: Signing, run: Any) -> None:  # noqa: ANN401
    assert run("sign", signing.plan)[0] == Exit.USAGE
    assert run("sign", signing.plan, "--key", signing.folder / "none")[0] == Exit.USAGE


def test_a_site_that_knows_no_signers_says_so(signing: Signing, run: Any) -> None:  # noqa: ANN401
    (signing.site_path / "site.yaml").write_text("name: dc1\n")
    key = signing.key("alice")
    said = "who may sign is not said: the site has no signatures.allowed_signers"
    assert said in run("sign", signing.plan, "--key", key)[1]
    assert run("signers", signing.plan) == (Exit.DONE, said + "\n")


def test_what_was_verified_is_what_is_parsed(
    signing: Signing,
    run: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("alice", "bob"):
        signing.sign(signing.key(name))
    signing.allow(*(f"{name} {public(signing.folder / name)}" for name in ("alice", "bob")))
    signed = parse_plan(signing.plan.read_bytes(), signing.plan)
    given: dict[str, Any] = {}

    def swapped(content: bytes, path: Path) -> Plan:
        path.write_text(make_plan(by="mallory").text())
        return parse_plan(content, path)

    def carried_out(*_: object, **arguments: object) -> Deployed:
        given.update(arguments)
        return Deployed(signed, None)

    monkeypatch.setattr(cli, "parse_plan", swapped)
    monkeypatch.setattr(cli, "deploy", carried_out)
    assert run("deploy", signing.plan)[0] == Exit.DONE
    assert given["reviewed"] == signed
    assert [one.partition(" ")[0] for one in given["signed_by"]] == ["alice", "bob"]
    assert run("deploy", signing.plan)[0] == Exit.REFUSED


@pytest.mark.parametrize("signed_by", [[], ["alice (SHA256:x)", "bob (SHA256:y)"]])
def test_the_record_says_who_signed(
    signing: Signing, monkeypatch: pytest.MonkeyPatch, signed_by: list[str]
) -> None:
    class Idle:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def run(self) -> None:
            pass

    prepared = Prepared(plan=make_plan(), snapshots={}, dry_runs={})
    monkeypatch.setattr(deploy, "Engine", Idle)
    monkeypatch.setattr(deploy, "make_plan", lambda *_, **__: prepared)
    site = signing.site()
    with Fleet(site, ["tor1"]) as fleet:
        deploy.deploy(
            site,
            fleet,
            Progress(quiet=True),
            reviewed=None,
            accept=(),
            agreed=lambda _: True,
            signed_by=signed_by,
        )
    (events,) = site.file(site.settings.runs).glob("*/events.jsonl")
    first = json.loads(events.read_text().splitlines()[0])
    assert (first["step"], first["signed_by"]) == ("begin", signed_by)
