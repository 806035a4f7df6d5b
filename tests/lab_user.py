"""A learner's desk for tests, benchmarks and pictures: a workspace, `bugkit start`, and Chromium before it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",  # root has none; nothing but the desk's own pages is opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 180.0  # seconds, for what a busy machine does
NEWS = '{"fetchNews": "false"}'  # JupyterLab's own question would cover a corner


def browser() -> str | None:
    """Chromium as the system has it."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def page_of_learner(
    folder: Path, exercise: str, *, theme: Literal["Light", "Dark"] = "Light", width: int = 1440, height: int = 900
) -> Iterator[Page]:
    """The page that `bugkit start` opens in a new workspace below ``folder``, with its Check button there."""
    from playwright.sync_api import sync_playwright

    bugkit = [sys.executable, "-m", "bugkit"]
    subprocess.run([*bugkit, "init", "workspace"], cwd=folder, check=True, capture_output=True)
    with _started([*bugkit, "start", exercise], folder, theme) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        scheme: Literal["light", "dark"] = "dark" if theme == "Dark" else "light"
        page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.set_default_timeout(WAIT * 1000)
        page.goto(address)
        page.locator(".bugkit-toolbar").wait_for()
        page.get_by_text("| Idle").wait_for()  # before that, running cells asks for a kernel
        yield page
        chromium.close()


@contextmanager
def _started(command: list[str], folder: Path, theme: str) -> Iterator[str]:
    """Run it until the body ends; the address that it gives to a browser."""
    told = folder / "address"
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=folder / "workspace",
            env=_environment(folder, theme, told),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            end = time.monotonic() + WAIT
            while not told.is_file():
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"no browser was opened: {log.read_text()}")
                time.sleep(0.1)
            yield told.read_text()
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(WAIT)


def _environment(folder: Path, theme: str, told: Path) -> dict[str, str]:
    """Settings of this desk alone, and a browser that only writes down what it is to open."""
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(NEWS)
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": f"JupyterLab {theme}"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "config"
    config.mkdir()
    server = {"allow_root": True, "port": port, "port_retries": 0}
    (config / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": server}))
    opener = folder / "opener.py"
    opener.write_text(
        "import os, sys\n"
        f"with open({str(told)!r} + '.new', 'w') as file: file.write(sys.argv[1])\n"
        f"os.replace({str(told)!r} + '.new', {str(told)!r})\n"
    )
    return {
        **os.environ,
        "BROWSER": f"{sys.executable} {opener} %s",
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
