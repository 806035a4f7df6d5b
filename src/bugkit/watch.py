"""What a learner does while `bugkit watch` runs: notebooks that are saved, keys that are pressed, in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOOK_MS = 2_000  # how often the folder is looked at, whether it is still the same
STEP_MS = 50  # a save is told when this long nothing more was written: editors write a file in several steps


@dataclass(frozen=True, slots=True)
class UserEvent:
    """A key that was pressed, or a save; ``why`` says why saves cannot be seen here."""

    key: str = ""
    saved: bool = False
    why: str = ""


class UserEvents:
    """Saves of one file at a time, and keys. Use it in a ``with``, inside a running event loop."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[UserEvent] = asyncio.Queue()
        self._watching: asyncio.Task[None] | None = None

    @contextmanager
    def keys(self) -> Iterator[None]:
        """Take keys one by one, without echo; the terminal is given back as it was, whatever happens."""
        from prompt_toolkit.input import create_input

        source = create_input()

        def read() -> None:
            for press in source.read_keys():
                self._queue.put_nowait(UserEvent(key=str(getattr(press.key, "value", press.key))))

        with source.raw_mode(), source.attach(read):
            yield

    def watch(self, path: Path) -> None:
        """From now on tell saves of this file, and of no other."""
        self.close()
        self._watching = asyncio.create_task(self._tell_saves(path))

    def close(self) -> None:
        """Tell no more saves."""
        if self._watching:
            self._watching.cancel()

    async def next(self) -> UserEvent:
        """The next thing that happens."""
        return await self._queue.get()

    async def _tell_saves(self, path: Path) -> None:
        try:
            async for _ in saves(path):
                self._queue.put_nowait(UserEvent(saved=True))
        except (OSError, RuntimeError) as error:  # no more inotify watches; a folder of another machine
            self._queue.put_nowait(UserEvent(why=str(error)))


async def saves(path: Path) -> AsyncIterator[None]:
    """Once for every save of a file; the folder is watched, since editors put a new file in the old one's place.

    Where the folder itself is replaced, the new one is watched. FileNotFoundError where there is none any more.
    """
    from watchfiles import Change, awatch

    def is_save(change: Change, changed: str) -> bool:
        return change != Change.deleted and Path(changed).name == path.name

    while True:
        folder = path.parent.stat()
        looking = awatch(
            path.parent,
            watch_filter=is_save,
            step=STEP_MS,
            recursive=False,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
        )
        async for changes in looking:
            if changes:
                yield
            if not os.path.samestat(folder, path.parent.stat()):
                break
        yield  # it is another folder, and may hold another notebook
