"""The limited process that a run lives in, and the questions that cross its wall."""

from bugkit.box.channel import Channel, Stopped
from bugkit.box.frames import Arrays
from bugkit.box.job import Guard, Job, Runs
from bugkit.box.start import Box

__all__ = ["Arrays", "Box", "Channel", "Guard", "Job", "Runs", "Stopped"]
