"""Kinds of bugs: each is a folder that can put itself into any program where it fits, and brings checks and words.

The machinery lies beside the folders: ``patterns`` (code with holes), ``program`` (what bugs are put in), ``kind``.
"""

from bugkit.kinds.kind import Kind, KindManifest, kind, library

__all__ = ["Kind", "KindManifest", "kind", "library"]
