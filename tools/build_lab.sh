#!/usr/bin/env bash
# Build JupyterLab's extension, labextension/bundle, from its source. Needs Node 20 or newer, and npm.
# With --check: build a copy, and compare it with the bundle that is committed, byte for byte.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build() { (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build); }

case "${1:-}" in
  "") build labextension ;;
  --check)
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    cp -r labextension/. "$copy"
    rm -rf "$copy/bundle" "$copy/lib" "$copy/node_modules"
    build "$copy" >&2
    diff -r labextension/bundle "$copy/bundle" ||
      { echo "labextension/bundle is not what its source makes; next: tools/build_lab.sh" >&2; exit 1; }
    echo "labextension/bundle is what its source makes"
    ;;
  *) echo "usage: tools/build_lab.sh [--check]" >&2; exit 2 ;;
esac
