#!/bin/sh
# Starts the proxy where no make is: in a container, or as a service. What it is given goes to mitmdump.
# LISTEN, PORT, WORKERS and WEB say where and how; STATE_DIRECTORY is the folder of the CA and the database.
set -eu
cd "$(dirname "$0")/.."
state=${STATE_DIRECTORY:?name the folder of the CA and the database}
python=.venv/bin/python

umask 077
test -e "$state/ca/mitmproxy-ca.pem" || "$python" scripts/ca.py --confdir "$state/ca"
exec "$python" scripts/workers.py --workers "${WORKERS:-1}" -- -s addon/llmobserve.py \
    --listen-host "${LISTEN:-127.0.0.1}" --mode "regular@${PORT:-8080}" --set termlog_verbosity=warn --set flow_detail=0 \
    --set "confdir=$state/ca" --set "llmobserve_db=$state/llmobserve.duckdb" \
    --set "llmobserve_web=${WEB:-127.0.0.1:9464}" "$@"
