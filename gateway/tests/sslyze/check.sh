#!/usr/bin/env bash
# Holds a TLS server to Mozilla's intermediate profile with sslyze: `check.sh HOST:PORT CA_FILE`.
# Status 0: it complies. 1: it does not; what sslyze found is printed. 77: sslyze could not be installed.
#
# `check.sh --install` only installs it, from PyPI, in an environment of its own in .ci/tools.
set -uo pipefail
version=6.3.1
environment=$(cd "$(dirname "$0")/../../.." && pwd)/.ci/tools/sslyze-$version

if [ ! -e "$environment/.installed" ]; then
  rm -rf "$environment"
  if ! python3 -m venv "$environment" >&2 ||
    ! "$environment/bin/pip" install --quiet --disable-pip-version-check "sslyze==$version" </dev/null >&2; then
    echo "sslyze $version could not be installed" >&2
    exit 77
  fi
  touch "$environment/.installed"
fi
[ "$1" = --install ] && exit 0

found=$("$environment/bin/sslyze" --mozilla_config intermediate --certinfo_ca_file "$2" "$1" 2>&1)
status=$?
case $found in
*'OK - Compliant.'*) [ "$status" -eq 0 ] && exit 0 ;;
esac
printf '%s\n' "$found"
exit 1
