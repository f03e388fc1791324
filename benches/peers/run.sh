#!/usr/bin/env bash
# Builds slam16 and the runner, then runs the comparison; arguments go to `peers run`.
set -euo pipefail
cd "$(dirname "$0")"
case " $* " in
  *" --without-slam16 "* | *" --slam16 "*) ;;
  *) (cd ../.. && cargo build --release --bin slam16) ;;
esac
exec cargo run -q --release --bin peers -- run "$@"
