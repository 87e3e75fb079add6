"""What the on-call pages are made of, without running them; ``test_pages`` runs them."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from oncall import FOLDER, Command, Edit, Event, pages, says, steps, text_of
from oncall_scenes import SCENES

from runbooks.cli import cli

EVERY = (*pages(), "README")
#: More is too much at three in the morning.
MOST_LINES = 90


def test_the_index_has_every_page_once() -> None:
    linked = re.findall(r"\]\(([\w-]+)\.md\)", text_of("README"))
    assert tuple(sorted(linked)) == pages()


def test_every_page_has_a_scene_that_runs_it() -> None:
    assert tuple(sorted(SCENES)) == pages()


@pytest.mark.parametrize("page", EVERY)
def test_all_that_looks_like_a_command_to_run_is_one(page: str) -> None:
    found = [step for step in steps(text_of(page)) if isinstance(step, Command)]
    assert len(found) == len(re.findall(r"^ *\$ ", text_of(page), re.MULTILINE))


@pytest.mark.parametrize("page", EVERY)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text_of(page)):
        assert (FOLDER / target).exists(), target


@pytest.mark.parametrize("page", pages())
def test_a_page_is_short_and_begins_with_what_is_seen(page: str) -> None:
    text = text_of(page)
    title, _, rest = text.partition("\n\n")
    assert title.replace("-", " ") == f"# {page.replace('-', ' ').capitalize()}"
    assert rest.startswith(("**You see**", "**You want**"))
    assert len(text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", EVERY)
def test_a_command_that_is_only_mentioned_exists_too(page: str) -> None:
    """Those in blocks are run; those in a sentence are at least ones that ringfence has."""
    mentioned = re.findall(r"`(ringfence [^`]+)`", text_of(page))
    for line in mentioned:
        _, name, *arguments = shlex.split(line)
        command = cli.commands[name]
        with click.Context(command, info_name=name) as context:
            command.parse_args(context, arguments)


TEXT = """\
1. Do this.

   ```console
   $ ringfence audit    # exit 2
   tor1: differs
     …
   $ true
   ```

   <!-- meanwhile: it rains -->

   ```diff
   --- a/x
   +++ b/x
   @@ -1 +1 @@
   -  y
   +  z
   ```
"""


def test_a_page_is_read_in_order() -> None:
    assert steps(TEXT) == (
        Command("ringfence audit", 2, ("tor1: differs", "  …")),
        Command("true", 0, ()),
        Event("it rains"),
        Edit("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-  y\n+  z\n"),
    )


@pytest.mark.parametrize(
    "text", ["```sh\nreboot\n```\n", "```\nreboot\n```\n", "```console\nreboot\n```\n"]
)
def test_a_block_that_would_not_be_run_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="block"):
        steps(text)


@pytest.mark.parametrize(
    ("promised", "lacks"),
    [
        (("a b", "d"), None),
        (("a … c", "… e"), None),
        (("d", "a"), "a"),
        (("a … x",), "a … x"),
    ],
)
def test_what_is_promised_has_to_come_in_order(
    promised: tuple[str, ...], lacks: str | None
) -> None:
    assert says("a   b\nc d\n e", promised) == lacks
