"""Grading on a Dask cluster of separate worker processes: as on one machine, also when a worker is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from bugkit.box.bwrap import Missing, find
from bugkit.classroom.batch import GradingOptions
from bugkit.classroom.gradebook import Gradebook
from bugkit.classroom.grading import Grading
from bugkit.classroom.local import LocalExecutor
from bugkit.classroom.pack import unpacked
from bugkit.errors import Fault

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.skipif(isinstance(find(), Missing), reason="a class is graded in the sandbox"),
    pytest.mark.xdist_group("class"),
]
RULES = GradingOptions("salt", seeds=1, sandbox=True)


@pytest.fixture
def cluster() -> Iterator[distributed.LocalCluster]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as there:
        yield there


def graded(toys, folder, executor, place, on_graded=lambda *_: None):
    with Gradebook(str(place), salt="salt") as book:
        summary = Grading(book, unpacked(toys.pack, place.with_suffix("")), RULES).run(folder, executor, on_graded)
        assert summary.failed == []
        return {
            (one.submission.person, one.submission.exercise): (
                one.graded.outcome,
                one.graded.score,
                [(run.seed, run.status, repr(run.loss)) for run in one.graded.read.runs],
                [(check.name, check.outcome, check.message) for check in one.graded.read.checks],
            )
            for one in book.grades()
        }


@pytest.mark.slow
def test_a_cluster_judges_as_one_machine_does_also_when_a_worker_dies(toys, put, tmp_path, cluster):
    from bugkit.classroom.cluster import DaskExecutor

    folder = tmp_path / "class"
    for number in range(6):
        put(folder, f"p{number}/toy01.ipynb", toys.doing("import time; time.sleep(0.5)"))
        put(folder, f"p{number}/toy02.ipynb", toys.shipped("toy02"))
    put(folder, "mallory/toy01.ipynb", b"{")
    killed = []

    def kill_one(_summary, came):
        if came is not None and not killed:
            with distributed.Client(cluster.scheduler_address) as client:
                pids = list(client.run(os.getpid).values())
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)

    there = graded(
        toys, folder, DaskExecutor(cluster.scheduler_address, toys.pack, RULES), tmp_path / "there.db", kill_one
    )
    assert killed
    assert there == graded(toys, folder, LocalExecutor(toys.pack, RULES, 2), tmp_path / "here.db")


def test_a_scheduler_that_is_not_there_is_told(toys, monkeypatch):
    from bugkit.classroom import cluster as room

    monkeypatch.setattr(room, "SECONDS", 1)
    with pytest.raises(Fault, match="the scheduler does not answer") as fault:
        list(room.DaskExecutor("tcp://127.0.0.1:1", toys.pack, RULES)(iter(())))
    assert fault.value.exit_code == 3
    assert "dask worker" in str(fault.value)
