"""The GitLab pipeline's own commands, run in the lab: a request, its merge, the schedule.

The tests of a class go on where the one before ended; ``test_every_command_was_run`` is the last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ci_jobs import GitLab, Job
from ci_scene import DRIFT, LABEL
from forge import BOT, Forge
from ruamel.yaml import YAML
from site_fixture import configurations, edit

from inventory.errors import Exit

if TYPE_CHECKING:
    from ci_scene import Scene

FILE = Path(__file__).resolve().parents[2] / ".gitlab-ci.yml"
PIPELINE: dict[str, Any] = YAML(typ="safe").load(FILE)


class TestWhatStarts:
    """Which pipelines are made, and of which jobs, by the file's own rules."""

    @pytest.mark.parametrize(
        ("source", "variables", "jobs"),
        [
            (
                "merge_request_event",
                {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7"},
                ["ringfence-plan"],
            ),
            ("merge_request_event", {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "666"}, []),
            ("push", {"CI_COMMIT_BRANCH": "main"}, ["ringfence-deploy"]),
            ("push", {"CI_COMMIT_BRANCH": "a-branch"}, []),
            ("schedule", {}, ["ringfence-audit"]),
            ("web", {}, ["ringfence-audit"]),
        ],
    )
    def test_an_event_starts_its_job_and_no_other(
        self, source: str, variables: dict[str, str], jobs: list[str]
    ) -> None:
        for settings, expected in (({"RINGFENCE_SITE": "site"}, jobs), ({}, [])):
            runner = GitLab(PIPELINE, Forge(), Path(), Path(), settings)
            assert runner.jobs(source, **variables) == expected


@pytest.fixture(scope="module")
def gitlab(scene: Scene, forge: Forge) -> GitLab:
    settings = {
        "RINGFENCE_SITE": "site",
        "RINGFENCE_PASSWORD": scene.lab.password,
        # As a variable of GitLab's type "file".
        "RINGFENCE_KEY_FILE": str(scene.lab.ssh_key),
    }
    return GitLab(PIPELINE, forge, scene.repository, scene.folder / "runner", settings)


def plan(gitlab: GitLab, number: int, labels: str = "") -> Job:
    return gitlab.run(
        "ringfence-plan",
        "merge_request_event",
        CI_MERGE_REQUEST_IID=str(number),
        CI_MERGE_REQUEST_SOURCE_PROJECT_ID="7",
        CI_MERGE_REQUEST_LABELS=labels,
    )


def merge(gitlab: GitLab, sha: str) -> Job:
    return gitlab.run("ringfence-deploy", "push", CI_COMMIT_BRANCH="main", CI_COMMIT_SHA=sha)


def audit(gitlab: GitLab) -> Job:
    return gitlab.run("ringfence-audit", "schedule")


def planned(forge: Forge, number: int) -> bytes:
    """Return the plan that reviewers of a request find."""
    return [one.files["plan.json"] for one in forge.artifacts if one.head == str(number)][-1]


@pytest.mark.lab
class TestRun:
    def test_a_mistake_in_the_site_ends_before_any_switch_is_asked(
        self, gitlab: GitLab, scene: Scene
    ) -> None:
        edit(scene.site, "pools.yaml", "10.65.0.0/16, kind", "10.65.0.1/16, kind")
        scene.lab.reset_traffic()
        job = plan(gitlab, 1)
        assert (job.code, "pools.yaml:7" in job.log) == (Exit.BAD_INPUT, True), job.log
        assert scene.lab.traffic("tor1").connections == 0
        edit(scene.site, "pools.yaml", "10.65.0.1/16, kind", "10.65.0.0/16, kind")

    def test_a_request_is_answered_with_its_plan(
        self, gitlab: GitLab, scene: Scene, forge: Forge
    ) -> None:
        before = configurations(scene.lab)
        job = plan(gitlab, 1)
        assert job.code == 0, job.log
        assert configurations(scene.lab) == before
        (comment,) = forge.bodies(1)
        assert comment.startswith("<!-- ringfence -->\n")
        assert all(switch in comment for switch in before)
        assert scene.lab.password not in job.log

    def test_nothing_is_deployed_that_nobody_signed(
        self, gitlab: GitLab, scene: Scene, forge: Forge
    ) -> None:
        before = configurations(scene.lab)
        forge.merged["a1"] = 1
        job = merge(gitlab, "a1")
        assert (job.code, "refused, nothing was changed" in job.log) == (4, True), job.log
        assert "signed" in job.log
        assert configurations(scene.lab) == before

    def test_the_merge_deploys_the_very_plan_that_was_reviewed(
        self, gitlab: GitLab, scene: Scene, forge: Forge
    ) -> None:
        reviewed = planned(forge, 1)
        forge.say(1, scene.signature(reviewed))
        job = merge(gitlab, "a1")
        assert job.code == 0, job.log
        assert "confirmed on 6 devices" in job.log
        assert (gitlab.folder / "work" / "plan.json").read_bytes() == reviewed

    def test_a_request_that_closes_much_wants_a_label_and_has_one_comment(
        self, gitlab: GitLab, scene: Scene, forge: Forge
    ) -> None:
        # Somebody else's comment is never taken for ours.
        forge.say(2, "<!-- ringfence -->\nnot the pipeline's")
        scene.shrink()
        refused = plan(gitlab, 2)
        assert refused.code == Exit.REFUSED, refused.log
        assert "no plan (exit code 4)" in forge.bodies(2)[1]
        done = plan(gitlab, 2, labels=f"urgent,{LABEL}")
        assert done.code == 0, done.log
        assert [one.login for one in forge.comments[2]] == ["reviewer", BOT]
        assert "no plan" not in forge.bodies(2)[1]

    def test_a_stale_plan_stops_and_says_so(
        self, gitlab: GitLab, scene: Scene, forge: Forge
    ) -> None:
        forge.say(2, scene.signature(planned(forge, 2)))
        forge.merged["a2"] = 2
        scene.drift("route-map FROM-NODE permit 11")
        before = configurations(scene.lab)
        job = merge(gitlab, "a2")
        assert (job.code, "refused, nothing was changed" in job.log) == (4, True), job.log
        assert "stale" in job.log
        assert configurations(scene.lab) == before
        scene.drift("no route-map FROM-NODE permit 11")
        scene.shrink(back=True)

    @pytest.mark.parametrize(
        ("sha", "said"),
        [
            ("b1", "no merge request brought b1 here, so nobody reviewed a plan"),
            ("b3", "merge request 3 has no plan any more, or never had one"),
        ],
    )
    def test_what_nobody_reviewed_is_not_deployed(
        self, gitlab: GitLab, scene: Scene, forge: Forge, sha: str, said: str
    ) -> None:
        forge.merged["b3"] = 3
        scene.lab.reset_traffic()
        job = merge(gitlab, sha)
        assert (job.code, said in job.log) == (4, True), job.log
        assert scene.lab.traffic("tor1").connections == 0

    def test_a_clean_audit_is_green(self, gitlab: GitLab, forge: Forge) -> None:
        job = audit(gitlab)
        assert job.code == 0, job.log
        kept = forge.artifacts[-1].files
        assert sorted(kept) == ["audit.html", "audit.json", "audit.md", "audit.xml"]
        assert json.loads(kept["audit.json"])["exit_code"] == 0
        assert kept["audit.md"].decode() in job.log

    def test_drift_is_red_with_the_report(self, gitlab: GitLab, scene: Scene, forge: Forge) -> None:
        scene.drift(DRIFT)
        job = audit(gitlab)
        assert (job.code, "\ndrift: the switches" in job.log) == (2, True), job.log
        assert b"<failure" in forge.artifacts[-1].files["audit.xml"]

    def test_a_switch_that_does_not_answer_is_red_as_unknown(
        self, gitlab: GitLab, scene: Scene
    ) -> None:
        scene.lab.fault("spine2", "refuse")
        try:
            job = audit(gitlab)
        finally:
            scene.lab.fault("spine2", "refuse", on=False)
        assert (job.code, "\nunknown: some switch" in job.log) == (3, True), job.log
        assert "spine2" in job.log

    def test_every_command_was_run(self, gitlab: GitLab, forge: Forge) -> None:
        every = {
            (name, line)
            for name, job in PIPELINE.items()
            if name.startswith("ringfence-")
            for line in job["script"]
        }
        assert gitlab.ran == every
        missing = "GET /api/v4/projects/7/jobs/artifacts/refs%2Fmerge-requests%2F3%2Fhead"
        assert [one for one in forge.unknown if not one.startswith(missing)] == []
