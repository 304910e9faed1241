#!/usr/bin/env bash
# Makes the Python environment of the robustness rows in .ci/tools, from PyPI, and prints the path of its interpreter.
# Safe to call again. Status 77: it could not be made.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
environment=$(cd "$here/../../.." && pwd)/.ci/tools/robustness

if ! cmp -s "$here/requirements.txt" "$environment/.installed"; then
  rm -rf "$environment"
  if ! python3 -m venv "$environment" >&2 ||
    ! "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" </dev/null >&2; then
    echo "the packages of $here/requirements.txt could not be installed" >&2
    exit 77
  fi
  cp "$here/requirements.txt" "$environment/.installed"
fi
echo "$environment/bin/python"
