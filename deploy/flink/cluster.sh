#!/usr/bin/env bash
# A Flink cluster on this machine (JobManager, two TaskManagers), Beam's job server and a pool of Python workers, on
# loopback, until Ctrl-C. Prints the options that `newsbeam run` needs after `--`.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec "${PYTHON:-python3}" deploy/flink/cluster.py
