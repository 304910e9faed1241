#!/usr/bin/env bash
# Runs the rows in their own Python environment: run.sh [--fast] [--only ID] [--json FILE]
set -uo pipefail
here=$(dirname "$0")
python=$("$here/setup.sh") || { echo 'SKIPPED: the robustness rows were not run'; exit 0; }
exec "$python" "$here/run.py" "$@"
