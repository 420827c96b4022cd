#!/usr/bin/env bash
# lock.sh: writes benchmarks/requirements.lock, the packages that benchmarks need beyond those of requirements.lock.
#
# Packages that both need are left out, so that installing the one never moves what the other has fixed; but for those
# that the other needs on some platforms only.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t held < <(grep -v " == '[A-Za-z]" requirements.lock | sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package=\1/p')
.venv/bin/uv pip compile pyproject.toml --extra bench --constraint requirements.lock --quiet "${held[@]}" \
  --universal --generate-hashes --no-annotate --python-version 3.11 \
  --custom-compile-command benchmarks/lock.sh --output-file benchmarks/requirements.lock "$@" >/dev/null
