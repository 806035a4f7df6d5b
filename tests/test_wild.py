"""What notebooks do in the wild, each with a right fix in place: it passes, on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bugkit.errors import NotebookError
from bugkit.exercise import Catalog
from bugkit.grader import Grader, check
from bugkit.notebook import read

TOY = Catalog(Path(__file__).parent / "pack").find("toy01")


def own(source, *, before=None, tags=()):
    """Put a cell of the learner's at the end, or before another."""

    def edit(cells):
        made = {
            "cell_type": "code",
            "id": "mine",
            "metadata": {"tags": list(tags)},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        cells.insert(len(cells) if before is None else place(cells, before), made)

    return edit


def place(cells, name):
    return next(i for i, cell in enumerate(cells) if cell["id"] == name)


def copied(name):
    """The cell once more, with the same id."""

    def edit(cells):
        cells.insert(place(cells, name) + 1, json.loads(json.dumps(cells[place(cells, name)])))

    return edit


def turned_to(kind, name, source):
    def edit(cells):
        cells[place(cells, name)] |= {"cell_type": kind, "source": source}

    return edit


WILD = {
    "top-level await": own("import asyncio\nawait asyncio.sleep(0.01)", before="data"),
    "exit() when all is there": own("exit()"),
    "a scratch cell that fails when all is there": own("1 / 0"),
    "raises-exception": own("1 / 0", before="data", tags=["raises-exception"]),
    "skip-execution": own("1 / 0", before="data", tags=["skip-execution"]),
    "a print above the magic": own("# now\nprint(1)\n%load_ext bugkit\n%bugkit check", before="data"),
    "names of Python's own": own("sum = 0\nmax = 3\nlen = None"),
    "a progress bar": own("from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass", before="data"),
    "a copy of a cell of text": copied("title"),
    "a copy of a cell of code": copied("model"),
    "a cell of ours as plain text": turned_to("raw", "training-step", "gradients = None"),
}


@pytest.fixture(scope="module", params=["fork", pytest.param("jupyter", marks=pytest.mark.slow)])
def grader(request):
    with Grader(request.param) as one:
        yield one


def verdict_of(edit, grader, folder):
    document = json.loads(TOY.solution.read_text(encoding="utf-8"))
    edit(document["cells"])
    path = folder / "toy01.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    return check(TOY, path, template=read(TOY.notebook), seeds=[0], grader=grader)


@pytest.mark.parametrize("name", list(WILD)[:-1])
def test_a_right_fix_passes_whatever_is_around_it(name, grader, tmp_path):
    assert verdict_of(WILD[name], grader, tmp_path).outcome == "passed"


def test_what_the_learner_made_no_code_does_not_run(grader, tmp_path):
    verdict = verdict_of(WILD["a cell of ours as plain text"], grader, tmp_path)
    assert verdict.runs[0].detail == "NameError: name 'gradients' is not defined"


def test_what_the_learner_made_code_runs(grader, tmp_path):
    verdict = verdict_of(own("predict = lambda x: x @ np.zeros(3)"), grader, tmp_path)
    assert verdict.outcome == "failed"


def test_a_cell_that_fails_before_all_is_there_ends_the_run(grader, tmp_path):
    verdict = verdict_of(own("1 / 0", before="training"), grader, tmp_path)
    assert (verdict.runs[0].status, verdict.runs[0].error.cell) == ("raised", "mine")


def test_of_a_scratch_cell_that_fails_the_learner_is_told(grader, tmp_path):
    run = verdict_of(WILD["a scratch cell that fails when all is there"], grader, tmp_path).runs[0]
    assert (run.status, run.error.cell, run.error.type) == ("ok", "mine", "ZeroDivisionError")


def test_of_two_different_cells_with_one_id_nobody_knows_which_is_meant(grader, tmp_path):
    def edit(cells):
        copied("model")(cells)
        cells[place(cells, "model") + 1]["source"] = "predict = None"

    with pytest.raises(NotebookError, match="two cells with the id 'model'"):
        verdict_of(edit, grader, tmp_path)


def test_a_timeout_names_its_cell_and_what_often_takes_so_long(tmp_path):
    slow = own("# torch.compile(model)\nwhile True: pass", before="training")
    toy = Catalog(Path(__file__).parent / "pack").find("toy01")
    limits = toy.manifest.run.model_copy(update={"seconds": 1})
    toy.__dict__["manifest"] = toy.manifest.model_copy(update={"run": limits})
    document = json.loads(toy.solution.read_text(encoding="utf-8"))
    slow(document["cells"])
    path = tmp_path / "toy01.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    detail = check(toy, path, template=read(toy.notebook), seeds=[0]).runs[0].detail
    assert detail.startswith("it computed for longer than 1 s in the cell `mine`; torch.compile alone takes")
