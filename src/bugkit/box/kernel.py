"""The second engine: the same cells in a real Jupyter kernel, through nbclient.

For systems without fork, and to prove that both engines judge alike. The cells run as a notebook's cells do; then
the kernel connects back over a socket and answers with the same code as a forked child. Import this module late:
nbclient costs more than everything else on the trusted side.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import Any

import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode, v4

from bugkit.box.channel import Channel, Stopped
from bugkit.box.frames import pack
from bugkit.box.job import Guard, Job, Used
from bugkit.box.unsandboxed import environment, inherited, used
from bugkit.errors import Fault

TOKEN_BYTES = 16
CONNECT_SECONDS = 30
STARTS = 3  # of a kernel
INSIDE = "bugkit.box.inside.kernel"


class Kernels:
    """Starts a kernel for every run."""

    def close(self) -> None:
        """Nothing outlives a run."""

    @contextmanager
    def run(self, job: Job, guard: Guard) -> Iterator[Channel]:
        """Run the job's cells in a fresh kernel; on leaving, the kernel is gone."""
        loop = asyncio.new_event_loop()  # runs are in threads of their own
        with tempfile.TemporaryDirectory(prefix="bugkit-", ignore_cleanup_errors=True) as scratch:
            kernel = _Kernel(guard, loop)
            try:
                kernel.start(scratch)
                kernel.run_cells(job)
                with kernel.connection() as channel:
                    yield channel
            finally:
                kernel.stop()
                loop.close()


class _Client(NotebookClient):  # type: ignore[misc]
    """nbclient that counts what a notebook prints, and drops what is over the limit: it is kept in our memory."""

    printed_limit = 0
    printed = 0

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        if msg["msg_type"] in ("stream", "display_data", "execute_result"):
            self.printed += len(str(msg["content"]))
            if self.printed > self.printed_limit:
                return None
        return super().process_message(msg, cell, cell_index)


class _Kernel:
    """One kernel and the client that drives it."""

    def __init__(self, guard: Guard, loop: asyncio.AbstractEventLoop) -> None:
        self._guard = guard
        self._loop = loop
        self._client = _Client(
            v4.new_notebook(cells=[v4.new_code_cell()]),
            kernel_name="python3",
            shutdown_kernel="immediate",
            timeout=None,
        )
        self._client.printed_limit = guard.output_bytes
        self._process: psutil.Process | None = None
        self._spent_before = 0.0
        self.cell = ""  # that runs now

    def start(self, scratch: str) -> None:
        """Start the kernel, once more where it dies: kernels that start at the same time may choose the same ports."""
        for _ in range(STARTS - 1):
            with suppress(RuntimeError):  # nbclient has cleaned up by then
                return self._start(scratch)
        return self._start(scratch)

    def _start(self, scratch: str) -> None:
        self._client.km = self._client.create_kernel_manager()
        env = inherited() | environment()
        self._wait(self._client.async_start_new_kernel(env=env, cwd=scratch, stdout=DEVNULL, stderr=DEVNULL))
        self._wait(self._client.async_start_new_kernel_client())
        self._process = psutil.Process(self._client.km.provisioner.pid)
        self._spent_before = used(self._process).cpu_seconds  # by the kernel's own start

    def run_cells(self, job: Job) -> None:
        """The cells under the wall and the memory limit, until one raises; the kernel itself remembers why."""

        async def all_cells() -> None:
            frame = base64.b64encode(pack(*job.frame())).decode()
            await self._cell(f"import {INSIDE} as _bugkit; _bugkit.prepare({frame!r})")
            for name, source in job.seeded_cells:
                self.cell = name
                await self._cell(source, tags=["raises-exception"] if name in job.may_raise else [])

        async def guarded() -> None:
            work = asyncio.ensure_future(all_cells())
            watch = asyncio.ensure_future(self._watch_limits())
            done, pending = await asyncio.wait(
                {work, watch}, timeout=self._guard.wall_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            for task in pending:
                task.cancel()
            # nbclient takes a canceled cell for a dead kernel and says so in an exception of its own
            await asyncio.gather(*pending, return_exceptions=True)
            if not done:
                raise Stopped("timed_out", f"it took longer than {self._guard.wall_seconds:g} s")
            done.pop().result()

        try:
            self._wait(guarded())
        except CellExecutionError:
            return
        except DeadKernelError:
            raise Stopped("killed", "its kernel died") from None

    @contextmanager
    def connection(self) -> Iterator[Channel]:
        """The kernel's connection, told apart from any other local process's by the token that it sends first."""
        token = secrets.token_hex(TOKEN_BYTES)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(CONNECT_SECONDS)
            port = server.getsockname()[1]
            self._client.kc.execute(
                f"import {INSIDE} as _bugkit; _bugkit.serve({port}, {token!r})", store_history=False
            )
            try:
                sock = _accepted(server, token)
            except TimeoutError:
                raise Fault("the kernel ran the notebook but did not answer") from None
        sock.setblocking(False)
        channel = Channel(sock, watch=_Watch(self.look), seconds=self._guard.wall_seconds)
        try:
            yield channel
        finally:
            channel.close()

    def stop(self) -> None:
        with suppress(Exception):
            self._wait(self._client._async_cleanup_kernel())
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._wait(_ended(left))
        if self._process is not None:
            with suppress(psutil.Error):
                self._process.kill()

    async def _cell(self, source: str, tags: Sequence[str] = ()) -> None:
        cell = v4.new_code_cell(source, metadata={"tags": list(tags)})
        await self._client.async_execute_cell(cell, 0, store_history=False)

    async def _watch_limits(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0.25)

    def look(self) -> None:
        """Raise Stopped when a limit is passed."""
        if self._client.printed > self._client.printed_limit:
            raise Stopped("too_much_output", f"it printed more than {self._client.printed_limit >> 20} MiB")
        if self._process is not None:
            now = used(self._process)
            self._guard.look(Used(now.memory_mib, now.cpu_seconds - self._spent_before))

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)


@dataclass(frozen=True)
class _Watch:
    """The kernel's limits as a channel wants them; its output comes by nbclient."""

    look: Callable[[], None]
    wake: Sequence[int] = ()

    def __call__(self) -> None:
        self.look()


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def _accepted(server: socket.socket, token: str) -> socket.socket:
    while True:
        sock, _ = server.accept()
        sock.settimeout(CONNECT_SECONDS)
        if secrets.compare_digest(sock.recv(len(token), socket.MSG_WAITALL), token.encode()):
            return sock
        sock.close()
