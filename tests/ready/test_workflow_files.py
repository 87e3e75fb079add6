"""The ready files for GitHub Actions and GitLab CI: as the platforms' own schemas want, and safe.

That their commands do what they should is shown by ``test_github_run`` and ``test_gitlab_run``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

CHECKOUT = Path(__file__).resolve().parents[2]
GITHUB = CHECKOUT / ".github" / "workflows" / "ringfence.yml"
GITLAB = CHECKOUT / ".gitlab-ci.yml"
JOBS = ("plan", "deploy", "audit")


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(path)
    return loaded


@pytest.mark.parametrize(
    ("schema", "path"),
    [("github-workflows", GITHUB), ("gitlab-ci", GITLAB)],
    ids=["github", "gitlab"],
)
def test_the_platforms_own_schema_takes_it(schema: str, path: Path) -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run([*argv, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class TestGitHub:
    workflow = load(GITHUB)

    def steps(self) -> list[dict[str, Any]]:
        return [step for job in self.workflow["jobs"].values() for step in job["steps"]]

    def test_a_repository_without_settings_runs_nothing(self) -> None:
        assert tuple(self.workflow["jobs"]) == JOBS
        for job in self.workflow["jobs"].values():
            assert job["if"].startswith("vars.RINGFENCE_SITE != ''")

    def test_each_job_has_the_least_permissions(self) -> None:
        assert self.workflow["permissions"] == {}
        assert {name: job["permissions"] for name, job in self.workflow["jobs"].items()} == {
            "plan": {"contents": "read", "pull-requests": "write"},
            "deploy": {"contents": "read", "actions": "read", "pull-requests": "read"},
            "audit": {"contents": "read"},
        }

    def test_actions_are_githubs_own_and_pinned_to_a_commit(self) -> None:
        used = [step["uses"] for step in self.steps() if "uses" in step]
        assert len(used) == 6
        for one in used:
            pattern = r"actions/(checkout|upload-artifact|download-artifact)@[0-9a-f]{40}"
            assert re.fullmatch(pattern, one), one

    def test_what_others_wrote_comes_as_environment_never_as_script(self) -> None:
        assert [step["run"] for step in self.steps() if "${{" in step.get("run", "")] == []

    def test_no_credential_stays_in_the_checkout(self) -> None:
        found = [
            step for step in self.steps() if step.get("uses", "").startswith("actions/checkout@")
        ]
        assert len(found) == len(JOBS)
        assert all(step["with"]["persist-credentials"] is False for step in found)

    def test_secrets_go_to_the_steps_that_need_them_alone(self) -> None:
        assert "secrets." not in str(self.workflow["env"])
        for job in self.workflow["jobs"].values():
            assert "secrets." not in str(job.get("env", ""))
        told = {step["name"] for step in self.steps() if "secrets." in str(step.get("env", ""))}
        assert told == {
            "Keep the SSH key in a file, if the runner has none of its own",
            "Prove what the switches let through now",
            "Plan",
            "Deploy it",
            "Audit",
        }

    def test_one_deploy_at_a_time_which_nothing_cancels(self) -> None:
        assert self.workflow["jobs"]["deploy"]["concurrency"] == {
            "group": "ringfence-deploy",
            "cancel-in-progress": False,
        }

    def test_the_jump_host_runs_it(self) -> None:
        for job in self.workflow["jobs"].values():
            assert job["runs-on"] == ["self-hosted", "ringfence"]


class TestGitLab:
    pipeline = load(GITLAB)

    def test_a_project_without_settings_runs_nothing(self) -> None:
        assert self.pipeline["workflow"]["rules"][0] == {
            "if": '$RINGFENCE_SITE == null || $RINGFENCE_SITE == ""',
            "when": "never",
        }

    def test_one_deploy_at_a_time_which_nothing_cancels(self) -> None:
        assert self.pipeline["ringfence-deploy"]["resource_group"] == "ringfence"
        assert self.pipeline["default"]["interruptible"] is False

    def test_the_jump_host_runs_it(self) -> None:
        assert self.pipeline["default"]["tags"] == ["ringfence"]

    def test_reports_are_kept_also_of_a_job_that_failed(self) -> None:
        for name in ("ringfence-plan", "ringfence-audit"):
            assert self.pipeline[name]["artifacts"]["when"] == "always"


@pytest.mark.parametrize("path", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_no_token_stands_on_a_command_line_where_others_see_it(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "TOKEN" in line and "curl" in line:
            assert "-H @" in line
            assert "printf" in line
