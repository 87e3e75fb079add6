"""The GitHub workflow's own commands, run in the lab: a request, its merge, the schedule.

The tests of a class go on where the one before ended; ``test_every_command_was_run`` is the last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ci_jobs import GitHub, Job
from ci_scene import DRIFT, LABEL
from forge import BOT, Forge
from ruamel.yaml import YAML
from site_fixture import configurations, edit

from inventory.errors import Exit

if TYPE_CHECKING:
    from ci_scene import Scene

FILE = Path(__file__).resolve().parents[2] / ".github" / "workflows" / "ringfence.yml"
WORKFLOW: dict[str, Any] = YAML(typ="safe").load(FILE)
HEAD = "1" * 40


class TestWhatStarts:
    """Which jobs an event starts, by the file's own conditions."""

    def started(self, event: str, facts: dict[str, object], site: str = "site") -> list[str]:
        settings = {"vars.RINGFENCE_SITE": site}
        return GitHub(WORKFLOW, Forge(), Path(), Path(), settings).jobs(event, **facts)

    @pytest.mark.parametrize(
        ("event", "facts", "jobs"),
        [
            ("pull_request", {"action": "opened"}, ["plan"]),
            ("pull_request", {"action": "synchronize"}, ["plan"]),
            ("pull_request", {"action": "opened", "source": "mallory/network"}, []),
            ("pull_request", {"action": "closed", "merged": True}, ["deploy"]),
            ("pull_request", {"action": "closed", "merged": False}, []),
            ("schedule", {}, ["audit"]),
            ("workflow_dispatch", {}, ["audit"]),
        ],
    )
    def test_an_event_starts_its_job_and_no_other(
        self, event: str, facts: dict[str, object], jobs: list[str]
    ) -> None:
        assert self.started(event, facts) == jobs
        # In a repository without settings nothing starts, and so nothing is red.
        assert self.started(event, facts, site="") == []


@pytest.fixture(scope="module")
def github(scene: Scene, forge: Forge) -> GitHub:
    settings = {
        "vars.RINGFENCE_SITE": "site",
        "secrets.RINGFENCE_PASSWORD": scene.lab.password,
        "secrets.RINGFENCE_SSH_KEY": scene.lab.ssh_key.read_text(encoding="ascii"),
    }
    return GitHub(WORKFLOW, forge, scene.repository, scene.folder / "runner", settings)


def plan(github: GitHub, *, head: str = HEAD, number: int = 1, labels: tuple[str, ...] = ()) -> Job:
    facts = {"action": "synchronize", "number": number, "head": head, "labels": list(labels)}
    return github.run("plan", "pull_request", **facts)


def merge(github: GitHub, *, head: str = HEAD, number: int = 1) -> Job:
    facts = {"action": "closed", "merged": True, "number": number, "head": head}
    return github.run("deploy", "pull_request", **facts)


def audit(github: GitHub) -> Job:
    return github.run("audit", "schedule")


@pytest.mark.lab
class TestRun:
    def test_a_mistake_in_the_site_ends_before_any_switch_is_asked(
        self, github: GitHub, scene: Scene
    ) -> None:
        edit(scene.site, "pools.yaml", "10.65.0.0/16, kind", "10.65.0.1/16, kind")
        scene.lab.reset_traffic()
        job = plan(github)
        assert (job.code, "pools.yaml:7" in job.log) == (Exit.BAD_INPUT, True), job.log
        assert scene.lab.traffic("tor1").connections == 0
        assert github.forge.artifacts == []
        edit(scene.site, "pools.yaml", "10.65.0.1/16, kind", "10.65.0.0/16, kind")

    def test_a_request_is_answered_with_its_plan(
        self, github: GitHub, scene: Scene, forge: Forge
    ) -> None:
        before = configurations(scene.lab)
        job = plan(github)
        assert job.code == 0, job.log
        assert configurations(scene.lab) == before
        (comment,) = forge.bodies(1)
        assert comment.startswith("<!-- ringfence -->\n")
        assert all(f"{switch}" in comment for switch in before)
        assert scene.lab.password not in job.log
        assert "PRIVATE KEY" not in job.log

    def test_nothing_is_deployed_that_nobody_signed(
        self, github: GitHub, scene: Scene, forge: Forge
    ) -> None:
        before = configurations(scene.lab)
        job = merge(github)
        assert (job.code, "::error title=Refused::" in job.log) == (Exit.REFUSED, True), job.log
        assert "signed" in job.log
        assert configurations(scene.lab) == before
        # A fork's run that kept another file under the same name is not believed.
        forge.keep("ringfence-plan", {"plan.json": b"{}"}, head=HEAD, foreign=True)

    def test_the_merge_deploys_the_very_plan_that_was_reviewed(
        self, github: GitHub, scene: Scene, forge: Forge
    ) -> None:
        reviewed = [one for one in forge.artifacts if not one.is_foreign][-1].files["plan.json"]
        forge.say(1, scene.signature(reviewed))
        job = merge(github)
        assert job.code == 0, job.log
        assert "confirmed on 6 devices" in job.log
        assert (github.folder / "work" / "reviewed" / "plan.json").read_bytes() == reviewed

    def test_a_request_that_closes_much_wants_a_label_and_has_one_comment(
        self, github: GitHub, scene: Scene, forge: Forge
    ) -> None:
        # Somebody else's comment is never taken for ours.
        forge.say(2, "<!-- ringfence -->\nnot the workflow's")
        scene.shrink()
        refused = plan(github, number=2, head="2" * 40)
        assert refused.code == Exit.REFUSED, refused.log
        assert "no plan (exit code 4)" in forge.bodies(2)[1]
        assert "shrink" in forge.bodies(2)[1]
        done = plan(github, number=2, head="3" * 40, labels=("urgent", LABEL))
        assert done.code == 0, done.log
        assert [one.login for one in forge.comments[2]] == ["reviewer", BOT]
        assert "no plan" not in forge.bodies(2)[1]

    def test_a_stale_plan_stops_and_says_so(
        self, github: GitHub, scene: Scene, forge: Forge
    ) -> None:
        forge.say(2, scene.signature(forge.artifacts[-1].files["plan.json"]))
        scene.drift("route-map FROM-NODE permit 11")
        before = configurations(scene.lab)
        job = merge(github, number=2, head="3" * 40)
        assert (job.code, "::error title=Refused::" in job.log) == (Exit.REFUSED, True), job.log
        assert "stale" in job.log
        assert configurations(scene.lab) == before
        scene.drift("no route-map FROM-NODE permit 11")
        scene.shrink(back=True)

    def test_a_request_without_a_plan_of_its_last_commit_is_not_deployed(
        self, github: GitHub, scene: Scene
    ) -> None:
        scene.lab.reset_traffic()
        job = merge(github, number=2, head="4" * 40)
        assert (job.code, "::error title=No reviewed plan::" in job.log) == (4, True), job.log
        assert scene.lab.traffic("tor1").connections == 0

    def test_a_clean_audit_is_green(self, github: GitHub, forge: Forge) -> None:
        job = audit(github)
        assert (job.code, "::error" in job.log) == (0, False), job.log
        kept = forge.artifacts[-1].files
        assert sorted(kept) == ["audit.html", "audit.json", "audit.md", "audit.xml"]
        assert json.loads(kept["audit.json"])["exit_code"] == 0
        assert job.summary == kept["audit.md"].decode()

    def test_drift_is_red_with_the_report(self, github: GitHub, scene: Scene, forge: Forge) -> None:
        scene.drift(DRIFT)
        job = audit(github)
        assert (job.code, "::error title=Drift::" in job.log) == (Exit.DIFFERENCES, True), job.log
        assert "tor1" in job.summary
        assert b"<failure" in forge.artifacts[-1].files["audit.xml"]

    def test_a_switch_that_does_not_answer_is_red_as_unknown(
        self, github: GitHub, scene: Scene
    ) -> None:
        scene.lab.fault("spine2", "refuse")
        try:
            job = audit(github)
        finally:
            scene.lab.fault("spine2", "refuse", on=False)
        assert (job.code, "::error title=Unknown::" in job.log) == (3, True), job.log
        assert "spine2" in job.summary

    def test_every_command_was_run(self, github: GitHub, forge: Forge) -> None:
        every = {
            (name, step["name"])
            for name, job in WORKFLOW["jobs"].items()
            for step in job["steps"]
            if "run" in step
        }
        assert github.ran == every
        assert forge.unknown == []
