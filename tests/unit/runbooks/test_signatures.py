"""Who signed a plan: judged by the real ssh-keygen, counted so that nobody is two."""

from __future__ import annotations

import json
from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing import Signing, keygen, public

from inventory.errors import Exit, InputError, RefusedError
from runbooks import ssh_keygen
from runbooks.signatures import Signature, blocks, enough, ensure_signed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    return Signing(tmp_path).setup()


def problems(signing: Signing) -> list[str | None]:
    return [one.problem for one in signing.judged()]


def people(signing: Signing) -> list[tuple[str, ...]]:
    return [one.people for one in signing.judged()]


def gate(signing: Signing) -> tuple[Signature, ...]:
    return ensure_signed(signing.site(), signing.plan, signing.plan.read_bytes())


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_signature_by_hand_counts(signing: Signing, kind: str) -> None:
    key = signing.key("alice", kind=kind)
    signing.allow("# who may", "", f"alice@example.com {public(key)} Alice")
    signing.sign(key)
    (one,) = gate(signing)
    fingerprint = ssh_keygen.fingerprint(public(key).split()[1])
    assert one == Signature(key=fingerprint, people=("alice@example.com",))
    assert str(one) == f"alice@example.com ({fingerprint})"


def test_nothing_signed_is_refused_with_the_command(signing: Signing) -> None:
    with pytest.raises(RefusedError) as caught:
        gate(signing)
    assert str(caught.value) == (
        f"{signing.plan}: the site wants it signed by somebody, and it is by nobody; nothing was "
        f"contacted; sign it with: ringfence sign {signing.plan} --key FILE"
    )


def test_a_changed_byte_is_told(signing: Signing) -> None:
    key = signing.key("alice")
    signing.allow(f"alice {public(key)}")
    signing.sign(key)
    content = signing.plan.read_bytes()
    for at in range(0, len(content), 97):
        changed = bytearray(content)
        changed[at] ^= 1
        signing.plan.write_bytes(changed)
        said = "is of something else: the plan was changed since, or it is another plan's"
        assert problems(signing) == [said]
    signing.plan.write_bytes(content + b"\n")
    assert problems(signing) == [said]
    signing.plan.write_bytes(content)
    assert problems(signing) == [None]


def test_a_signature_for_something_else_does_not_count(signing: Signing) -> None:
    key = signing.key("alice")
    signing.allow(f"alice {public(key)}")
    for namespace in ("git", "file", "plan@ringfencE", "plan@ringfence "):
        signing.sig.unlink(missing_ok=True)
        signing.sign(key, namespace=namespace)
        assert problems(signing) == [f"was made for {namespace!r}, not for 'plan@ringfence'"]


def test_the_options_of_allowed_signers_are_honoured(signing: Signing) -> None:
    key = signing.key("alice")
    signing.sign(key)
    for options, said in {
        'namespaces="git,file"': "not permitted for use in signature namespace",
        'valid-before="20200101"': "key has expired",
        'valid-after="29990101"': "key is not yet valid",
    }.items():
        signing.allow(f"alice {options} {public(key)}")
        (one,) = signing.judged()
        assert one.problem is not None
        assert one.problem.startswith("does not count: allowed_signers:1: ")
        assert said in one.problem
        assert one.people == ()
    signing.allow(f'alice namespaces="plan@*,git",valid-after="20200101" {public(key)}')
    assert people(signing) == [("alice",)]


def test_a_key_that_is_not_listed_does_not_count(signing: Signing) -> None:
    key, other = signing.key("alice"), signing.key("bob")
    signing.allow(f"bob {public(other)}", f"#alice {public(key)}")
    signing.sign(key)
    assert problems(signing) == ["is of a key that is not in allowed_signers"]
    signing.allow()
    assert problems(signing) == ["is of a key that is not in allowed_signers"]


def test_a_pattern_names_nobody(signing: Signing) -> None:
    key = signing.key("alice")
    signing.sign(key)
    for pattern in ("*@example.com", "alic?", "*"):
        signing.allow(f"{pattern} {public(key)}")
        said = f"does not count: it is listed by the pattern {pattern!r}, which names nobody"
        assert problems(signing) == [said]


def test_every_line_of_a_key_is_looked_at(signing: Signing) -> None:
    key, other = signing.key("alice"), signing.key("bob")
    listed = public(key)
    signing.allow(
        f"zoe,alice {listed}", f"bob {public(other)}", f'"al b,bob" namespaces="*" {listed}'
    )
    signing.sign(key)
    assert people(signing) == [("al b", "alice", "bob", "zoe")]


def test_a_certificate_counts_for_whom_it_names(signing: Signing) -> None:
    authority, key = signing.key("ca"), signing.key("carol")
    keygen("-q", "-s", authority, "-I", "id", "-n", "carol@x,cc@x", "-V", "+1h", f"{key}.pub")
    # OpenSSH takes the certificate beside a private key that bears its name.
    certificate = signing.folder / "carol-cert.pub"
    (signing.folder / "certified").write_bytes(key.read_bytes())
    (signing.folder / "certified").chmod(0o600)
    (signing.folder / "certified.pub").write_bytes(certificate.read_bytes())
    signing.sign(signing.folder / "certified")
    signing.allow(f"*@x cert-authority {public(authority)}")
    (one,) = signing.judged()
    plain = ssh_keygen.fingerprint(public(key).split()[1])
    assert one == Signature(key=plain, people=("carol@x", "cc@x"))
    signing.allow(f"*@y cert-authority {public(authority)}")
    assert people(signing) == [()]
    signing.allow(f"carol@x {public(authority)}")
    said = "is of a key that is not in allowed_signers"
    assert signing.judged() == (Signature(key=plain, problem=said),)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("-n", "carol@x", "-V", "20200101:20200102"), id="expired"),
        pytest.param(("-n", "carol@x", "-V", "29990101:29990102"), id="not yet valid"),
        pytest.param(("-n", "carol@x", "-h"), id="a host's"),
        pytest.param((), id="names nobody"),
    ],
)
def test_a_certificate_that_is_no_good_does_not_count(
    signing: Signing, options: tuple[str, ...]
) -> None:
    authority, key = signing.key("ca"), signing.key("carol")
    public_key = public(key).split()[1]
    keygen("-q", "-s", authority, "-I", "id", *options, f"{key}.pub")
    (signing.folder / "carol.pub").write_bytes((signing.folder / "carol-cert.pub").read_bytes())
    signing.sign(key)
    signing.allow(f"*@x cert-authority {public(authority)}")
    (one,) = signing.judged()
    assert one == Signature(
        key=ssh_keygen.fingerprint(public_key),
        problem="does not count: allowed_signers:1: no valid principals found",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", None),
        ("\n \n", None),
        ("no signature\n", "one: is garbled: no SSH signature can be read from it"),
        (f"{ssh_keygen.BEGIN}\n!!!\n{ssh_keygen.END}\n", "one: is garbled: "),
        (f"{ssh_keygen.BEGIN}\nU1NIU0lH\n{ssh_keygen.END}\n", "one: is garbled: "),
        (f"{ssh_keygen.BEGIN}\n{ssh_keygen.END}\n", "one: is garbled: "),
        ("\xff\x00\u2028", "one: is garbled: "),
    ],
)
def test_a_file_without_a_signature_is_refused(
    signing: Signing, text: str, said: str | None
) -> None:
    signing.sig.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError) as caught:
        gate(signing)
    expected = said or f"{signing.sig}: there is no SSH signature in it; sign the plan again"
    assert expected in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_broken_signature_spoils_none_of_the_others(signing: Signing) -> None:
    keys = [signing.key("alice"), signing.key("bob")]
    signing.allow(*(f"{key.name} {public(key)}" for key in keys))
    for key in keys:
        signing.sign(key)
    one, two = blocks(signing.sig.read_text())
    half = one[: len(one) // 2]
    signing.sig.write_text(f"a note\n{half}\n{one}\n\n{two.rstrip()}{half}")
    said = "is garbled: no SSH signature can be read from it"
    assert problems(signing) == [said, None, None, said]
    assert people(signing)[1:3] == [("alice",), ("bob",)]


def test_too_many_signatures_are_refused(signing: Signing) -> None:
    key = signing.key("alice")
    signing.allow(f"alice {public(key)}")
    signing.sign(key)
    signing.sig.write_text(signing.sig.read_text() * 33)
    with pytest.raises(RefusedError, match="33 signatures are too many; keep 32 at most"):
        gate(signing)


def test_two_different_people_are_two(signing: Signing) -> None:
    signing.setup(required=2)
    alice, bob, second = (signing.key(name) for name in ("alice", "bob", "second"))

    def counts(*lines: str) -> bool:
        signing.allow(*lines)
        return enough(signing.judged(), 2)

    signing.sign(alice)
    assert not counts(f"alice {public(alice)}", f"bob {public(alice)}")
    signing.sign(second)
    assert not counts(f"alice {public(alice)}", f"alice {public(second)}")
    assert not counts(f"alice,ally {public(alice)}", f"alice {public(second)}")
    assert not counts(f"alice {public(alice)}", f"Alice {public(second)}")
    with pytest.raises(RefusedError, match="wants it signed by 2 different people, and it is by "):
        gate(signing)
    signing.sign(bob)
    lines = (f"alice {public(alice)}", f"alice {public(second)}", f"bob {public(bob)}")
    assert counts(*lines)
    assert [one.people for one in gate(signing)] == [("alice",), ("alice",), ("bob",)]


NAMES = ["alice", "Alice", "bob", "carol", "dave"]
LISTS = st.dictionaries(
    st.sampled_from(["k1", "k2", "k3", "k4"]), st.sets(st.sampled_from(NAMES), min_size=1)
)


@given(LISTS, st.integers(0, 2))
def test_people_are_counted_as_the_fewest_who_could_have_signed(
    keys: dict[str, set[str]], required: int
) -> None:
    signed = [Signature(key=key, people=tuple(sorted(names))) for key, names in keys.items()] + [
        Signature(key="k9", problem="is garbled")
    ]
    folded = [{name.lower() for name in names} for names in keys.values()]
    everyone = sorted(set(chain.from_iterable(folded)))
    sizes = [
        number
        for number in range(len(everyone) + 1)
        for some in combinations(everyone, number)
        if all(set(some) & names for names in folded)
    ]
    assert enough(signed, required) == (min(sizes) >= required)


# --- the site's own files ------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_signers_that_others_may_write_are_refused(signing: Signing, mode: int) -> None:
    signing.sig.write_text("x")
    signing.allowed.chmod(mode)
    with pytest.raises(InputError) as caught:
        gate(signing)
    assert str(caught.value) == (
        f"{signing.site_path}/site.yaml: signatures.allowed_signers: others may write "
        "'allowed_signers'; chmod go-w it"
    )


def test_signers_that_are_absent_are_named(signing: Signing) -> None:
    signing.sig.write_text("x")
    signing.allowed.unlink()
    with pytest.raises(InputError, match=r"'allowed_signers' can't be read: No such file"):
        gate(signing)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("{required: 1}", "required needs to know who may sign: add allowed_signers: FILE"),
        ("{required: 3, allowed_signers: x}", "required: 3 is refused: "),
        ("{required: yes, allowed_signers: x}", "required: "),
        ("{signers: x}", "unknown key 'signers'"),
    ],
)
def test_a_demand_that_makes_no_sense_is_refused(signing: Signing, setting: str, said: str) -> None:
    (signing.site_path / "site.yaml").write_text(f"name: dc1\nsignatures: {setting}\n")
    with pytest.raises(InputError) as caught:
        signing.site()
    assert said in str(caught.value)


def test_without_ssh_keygen_nothing_is_taken_for_signed(
    signing: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = signing.key("alice")
    signing.allow(f"alice {public(key)}")
    signing.sign(key)
    monkeypatch.setenv("PATH", str(signing.folder))
    with pytest.raises(RefusedError, match="there is no ssh-keygen on this machine"):
        gate(signing)


@pytest.mark.parametrize("required", [0, 1])
def test_a_site_without_demand_knows_who_signed(signing: Signing, required: int) -> None:
    key = signing.key("alice")
    signing.setup(required=required)
    signing.allow(f"alice {public(key)}")
    signing.sign(key)
    signing.sign(key, namespace="git")
    assert [one.people for one in gate(signing)] == [("alice",)]
    signing.sig.unlink()
    if required:
        with pytest.raises(RefusedError):
            gate(signing)
    else:
        assert gate(signing) == ()


def test_the_envelope_is_read_as_openssh_wrote_it(signing: Signing) -> None:
    key = signing.key("alice")
    signing.sign(key, namespace="some@thing")
    found = ssh_keygen.envelope(signing.sig.read_text())
    assert found == ssh_keygen.Envelope(public(key).split()[1], "some@thing")
    (block,) = blocks(signing.sig.read_text())
    body = block.removeprefix(ssh_keygen.BEGIN).removesuffix(ssh_keygen.END + "\n")
    for cut in range(0, len(body) - 8, 4):
        short = "".join(body.split())[:cut]
        assert ssh_keygen.envelope(f"{ssh_keygen.BEGIN}\n{short}\n{ssh_keygen.END}\n") is None


def test_the_document_of_a_refusal_has_the_sentence(
    signing: Signing, capsys: pytest.CaptureFixture[str]
) -> None:
    from runbooks import cli  # noqa: PLC0415 - beside its only use

    arguments = ["deploy", str(signing.plan), "--site", str(signing.site_path), "--json"]
    assert cli.run(arguments) == Exit.REFUSED
    (said,) = json.loads(capsys.readouterr().out)["error"]
    assert said.startswith(f"{signing.plan}: the site wants it signed by somebody")
