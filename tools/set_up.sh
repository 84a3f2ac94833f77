#!/bin/sh
# Makes .venv with the locked packages. Needs Python 3.11 or newer and nothing else; run by `make`.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'set-up: %s\n' "$*" >&2; }

python=
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  say 'no Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3'
  exit 2
fi

# Debian and Ubuntu keep ensurepip in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing python$version-venv"
    apt-get update -qq
    apt-get install -y -qq "python$version-venv" >/dev/null
  else
    say "Python's venv module is missing. Run: sudo apt-get install python$version-venv"
    exit 2
  fi
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
  say "making a virtual environment with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
fi
say 'installing the locked packages (a few minutes the first time)'
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
touch .venv/.ready
say 'ready'
