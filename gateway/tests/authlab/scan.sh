#!/usr/bin/env bash
# Lets mcp-authlab log in to an MCP server and grade its authorization: `scan.sh URL SCOPE OTHER_RESOURCE CA_FILE`.
# OTHER_RESOURCE is one more that its authorization server issues tokens for; they must not open this one.
# Status 0: the report is on standard output, as JSON, whatever it says. 77: mcp-authlab could not be installed.
# Any other: it came to no report; what it said of that is on standard error.
#
# `scan.sh --install` only installs it, from PyPI, in an environment of its own in .ci/tools.
set -uo pipefail
version=0.2.2
here=$(cd "$(dirname "$0")" && pwd)
environment=$(cd "$here/../../.." && pwd)/.ci/tools/mcp-authlab-$version

if [ ! -e "$environment/.installed" ]; then
  rm -rf "$environment"
  if ! python3 -m venv "$environment" >&2 ||
    ! "$environment/bin/pip" install --quiet --disable-pip-version-check "mcp-authlab==$version" </dev/null >&2; then
    echo "mcp-authlab $version could not be installed" >&2
    exit 77
  fi
  touch "$environment/.installed"
fi
[ "$1" = --install ] && exit 0

own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
# Not the tokens of whoever runs this.
export MCP_AUTHLAB_TOKENS=$own/tokens.json
unset MCP_AUTHLAB_TOKEN MCP_AUTHLAB_FOREIGN_TOKEN
export SSL_CERT_FILE=$4
# Everything is on this machine, whatever proxy its user has for the rest.
export no_proxy='*'
# Its own way to do without a browser keeps no cookies, and so logs in nowhere but at its own servers.
export BROWSER="'$environment/bin/python' '$here/browser.py' %s"

"$environment/bin/mcp-authlab" login "$1" --scope "$2" --foreign-resource "$3" --timeout 30 --no-color \
  </dev/null >&2 || exit 1
"$environment/bin/mcp-authlab" scan "$1" --format json </dev/null
