"""The workflow for GitHub: its steps run one after the other as GitHub runs them, in what students were given."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bugkit.classroom.release import release

yaml = pytest.importorskip("yaml")
WORKFLOW = Path(__file__).parents[2] / "docs" / "github-classroom.yml"
INSTALL = "Install"


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


@pytest.fixture
def checkout(toys, put, tmp_path) -> Path:
    """A learner's repository: one exercise is fixed, one is not."""
    folder = tmp_path / "checkout"
    release(folder, list(toys.catalog))
    put(folder, "exercises/toy01_too_big/toy01.ipynb", toys.right())
    return folder


def reported(action: dict[str, Any], outputs: dict[str, str]) -> tuple[float, float, list[str]]:
    """What the reporter makes of a step's ``env``: points, most points, and how each of its runners went.

    As in src/main.js and src/notify-classroom.js of github.com/classroom-resources/autograding-grading-reporter.
    """
    results = []
    for runner in action["with"]["runners"].split(","):
        told = action["env"][f"{runner.strip().upper()}_RESULTS"]
        step, _, output = told.removeprefix("${{ steps.").removesuffix(" }}").partition(".outputs.")
        results.append(json.loads(base64.b64decode(outputs[f"{step}.{output}"], validate=True)))
    points = sum(test["score"] for result in results for test in result["tests"])
    return points, sum(result["max_score"] for result in results), [result["status"] for result in results]


@pytest.mark.slow
def test_the_workflow_checks_and_reports(workflow, checkout, tmp_path):
    job, outputs, codes = workflow["jobs"]["check"], {}, {}
    folder = Path(sys.executable).parent
    assert shutil.which("bugkit", path=str(folder)), "bugkit is installed beside the Python that runs the tests"
    for number, step in enumerate(job["steps"]):
        if "run" not in step or step["name"] == INSTALL:
            continue
        if any(codes.values()) and step.get("if") != "always()":
            continue
        script, said = tmp_path / f"{number}.sh", tmp_path / f"{number}.out"
        script.write_text(step["run"])
        env = os.environ | {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(tmp_path / f"{step['name']}.md"),
            "GITHUB_OUTPUT": str(said),
        }
        done = subprocess.run(
            ["bash", "-e", script], cwd=checkout, env=env, capture_output=True, text=True, check=False
        )
        codes[step["name"]] = done.returncode
        for line in said.read_text().splitlines() if said.exists() else ():
            name, _, value = line.partition("=")
            outputs[f"{step['id']}.{name}"] = value
    assert codes == {"Check": 1, "Points": 0}
    summary = (tmp_path / "Check.md").read_text(encoding="utf-8")
    assert summary.startswith("## 1 of 2 passed\n")
    assert "| toy01 Too big | ✓ PASSED |" in summary
    assert "### toy02 Never moves\n" in summary
    reporter = next(step for step in job["steps"] if "grading-reporter" in step.get("uses", ""))
    points, most, statuses = reported(reporter, outputs)
    assert (1 <= points < 2, most, statuses) == (True, 2, ["fail"])
    kept = next(step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))["with"]["path"]
    assert sorted(path.name for path in checkout.glob(kept)) == ["verdicts.html", "verdicts.xml"]


def test_steps_that_report_do_so_after_a_failure_too(workflow):
    steps = workflow["jobs"]["check"]["steps"]
    after = steps[[step.get("name") for step in steps].index("Check") + 1 :]
    assert after
    assert {step["if"] for step in after} == {"always()"}


def test_it_may_write_nothing(workflow):
    assert workflow["permissions"] == {"contents": "read"}
