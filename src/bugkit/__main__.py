"""``python -m bugkit`` is the ``bugkit`` command."""

from bugkit.cli import main

if __name__ == "__main__":
    main()
