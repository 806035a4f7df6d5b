"""What the page in the browser asks the server for: JSON over Jupyter's own connection, with its token."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from bugkit.errors import BugkitError
from bugkit.exercise import Exercise
from bugkit.lab import messages
from bugkit.progress import ProgressError
from bugkit.warm_grader import StoppedByLearner, WarmGrader, exercise_of, load, progress_of

if TYPE_CHECKING:
    from bugkit.examine import OnEvent

HELP = ("hint", "solution", "solution --give-up")
EXPLAIN = "explain"
NDJSON = "application/x-ndjson"


class Lab(ExtensionApp):
    """The extension: four addresses, and a grader that ends with the server."""

    name = "bugkit"

    def initialize_handlers(self) -> None:
        """Called by the server when it starts."""
        self.grader = WarmGrader()
        wants = {"grader": self.grader}
        self.handlers += [
            ("/bugkit/exercise", ExerciseHandler, wants),
            ("/bugkit/check", CheckHandler, wants),
            ("/bugkit/help", HelpHandler, wants),
            ("/bugkit/interview", InterviewHandler, wants),
        ]

    async def stop_extension(self) -> None:
        """Called by the server when it ends."""
        await asyncio.to_thread(self.grader.close)


class BugkitHandler(APIHandler):
    """What they have in common: a grader, and the notebook that is meant."""

    auth_resource = "bugkit"

    def initialize(self, grader: WarmGrader) -> None:
        """Called by tornado with what stands beside the address."""
        super().initialize()
        self.grader = grader

    async def prepare(self, **options: Any) -> None:
        """Called by tornado before each request; what the threads of its answer use is imported then."""
        await super().prepare(**options)
        await asyncio.to_thread(load)

    def notebook(self, path: object) -> Path:
        """The file below the server's folder; an HTTP error for anything else."""
        root = Path(self.contents_manager.root_dir).resolve()
        file = root / str(path).strip("/")
        if file.suffix != ".ipynb" or not file.resolve().is_relative_to(root) or not file.is_file():
            raise HTTPError(404, f"there is no notebook {path} here")
        return file

    def exercise(self, notebook: Path) -> Exercise:
        """The notebook's exercise, or an HTTP error."""
        try:
            exercise = exercise_of(notebook)
        except BugkitError as error:
            raise HTTPError(404, str(error)) from error
        if exercise is None:
            raise HTTPError(404, f"{notebook.name} is no exercise's notebook")
        return exercise

    def asked(self) -> Mapping[str, Any]:
        """The request's JSON object."""
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise HTTPError(400, "a JSON object was expected")
        return body


class ExerciseHandler(BugkitHandler):
    """Which exercise a notebook belongs to."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """The exercise, or null; a box for it begins to warm up."""
        notebook = self.notebook(self.get_argument("path"))
        try:
            exercise = exercise_of(notebook)
            about = exercise and messages.about(exercise, progress_of(notebook).state(exercise.id))
        except BugkitError as error:  # a manifest that is broken, a folder without a catalog
            self.finish(json.dumps({"exercise": None, "error": messages.trouble(error)}))
            return
        self.finish(json.dumps({"exercise": about}))
        if exercise:
            await asyncio.to_thread(self._opened, notebook, exercise)
            await asyncio.to_thread(self.grader.warm, exercise)

    def _opened(self, notebook: Path, exercise: Exercise) -> None:
        """The time at work begins now."""
        try:
            progress_of(notebook).open(exercise.id)
        except ProgressError as error:
            self.log.warning("bugkit: %s", error)


class CheckHandler(BugkitHandler):
    """Judge a saved notebook, telling how far it is, one JSON object a line; and stop."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """The last line is the verdict, the trouble that there was, or that it was stopped."""
        notebook = self.notebook(self.asked().get("path"))
        exercise = self.exercise(notebook)
        self.set_header("Content-Type", NDJSON)
        self.set_header("X-Accel-Buffering", "no")  # or a proxy would keep the lines until all are there
        lines: asyncio.Queue[messages.Message] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(event: Mapping[str, Any]) -> None:
            if message := messages.event(event):
                loop.call_soon_threadsafe(lines.put_nowait, message)

        work = asyncio.ensure_future(asyncio.to_thread(self._judged, self.grader.ask(), exercise, notebook, tell))
        work.add_done_callback(lambda done: lines.put_nowait(done.result()))
        while True:
            message = await lines.get()
            try:
                self.write(json.dumps(message) + "\n")
                await self.flush()
            except StreamClosedError:  # nobody looks any more; the attempt is kept all the same
                return
            if message["event"] in messages.LAST:
                return

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Stop."""
        await asyncio.to_thread(self.grader.stop)
        self.set_status(204)
        self.finish()

    def _judged(self, number: int, exercise: Exercise, notebook: Path, tell: OnEvent) -> messages.Message:
        """The last message, whatever happens."""
        try:
            made = self.grader.check(number, exercise, notebook, tell)
            return messages.verdict(made, explained=_is_explained(notebook, exercise))
        except StoppedByLearner:
            return {"event": "stopped"}
        except BugkitError as error:
            return {"event": "trouble", **messages.trouble(error)}
        except Exception as error:
            self.log.exception("bugkit: a check failed")
            return {"event": "trouble", **messages.fault(error)}


class HelpHandler(BugkitHandler):
    """What ``%bugkit hint`` and ``%bugkit solution`` tell, and the last verdict explained."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """As HTML and as text; a hint counts as shown."""
        from bugkit.magic import answer

        asked = self.asked()
        if asked.get("what") not in (*HELP, EXPLAIN):
            raise HTTPError(400, f"expected: {', '.join((*HELP, EXPLAIN))}")
        notebook = self.notebook(asked.get("path"))
        exercise = self.exercise(notebook)
        if asked["what"] == EXPLAIN:
            self.finish(json.dumps(await asyncio.to_thread(self._explained, notebook, exercise)))
            return
        bundle = await asyncio.to_thread(answer, asked["what"], notebook, folder=notebook.parent)
        self.finish(json.dumps({"text": bundle["text/plain"], "html": bundle.get("text/html", "")}))

    def _explained(self, notebook: Path, exercise: Exercise) -> messages.Message:
        """The last verdict on this notebook with its checks by name; it counts like a hint."""
        from bugkit.report.html import fragment

        last = self.grader.last(notebook)
        if last is None:
            return {"text": "Nothing is judged yet: press Check first.", "html": ""}
        try:
            progress_of(notebook).explain(exercise.id)
        except ProgressError as error:
            self.log.warning("bugkit: %s", error)
        return {"text": "", "html": fragment(last)}


class InterviewHandler(BugkitHandler):
    """An interview's notebook: the clock and the log, and the words that do something in it."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Where the interview is, or null; somebody is there, so its clock runs on."""
        notebook = self.notebook(self.get_argument("path"))
        self.finish(json.dumps({"interview": await asyncio.to_thread(self._status, notebook)}))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Do one thing: what the command says, as HTML and as text, and where the interview is then."""
        from bugkit.magic import answer

        asked = self.asked()
        words = asked.get("words")
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise HTTPError(400, "words were expected")
        notebook = self.notebook(asked.get("path"))
        status = await asyncio.to_thread(self._status, notebook)
        if status is None:
            raise HTTPError(404, f"{notebook.name} is no interview's notebook")
        line = shlex.join(["interview", "--number", str(status["interview"]), "--", *words])
        bundle = await asyncio.to_thread(answer, line, None, folder=notebook.parent)
        now = await asyncio.to_thread(self._status, notebook)
        told = {"text": bundle["text/plain"], "html": bundle.get("text/html", ""), "interview": now}
        self.finish(json.dumps(told))

    def _status(self, notebook: Path) -> messages.Message | None:
        from bugkit.interview.rooms import room_of
        from bugkit.interview.status import status

        try:
            room = room_of(notebook)
            if room is None:
                return None
            room.beat()
            return status(room)
        except BugkitError as error:
            self.log.warning("bugkit: %s", error)
            return None


def _is_explained(notebook: Path, exercise: Exercise) -> bool:
    try:
        return progress_of(notebook).is_explained(exercise.id)
    except ProgressError:
        return False
