#!/usr/bin/env bash
# Installs what the comparison needs, into the system (Debian packages) and .local/ (all else).
# May be run again: what is there already is kept. JOBS sets the number of compile jobs.
set -euo pipefail
cd "$(dirname "$0")"

g2o_version=2.3.0
gtsam_version=4.3.0
jobs=${JOBS:-$(nproc)}

packages=(cmake g++ make python3 libceres-dev libsuitesparse-dev libeigen3-dev libopenblas0-pthread)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

mkdir -p .local/src .local/build
[ -x .local/venv/bin/pip ] || python3 -m venv .local/venv
.local/venv/bin/pip install -q --disable-pip-version-check "gtsam==$gtsam_version" numpy

# The wheel of g2o's own Python package lacks CHOLMOD, so its source distribution is built instead.
source=.local/src/g2opy-$g2o_version
if [ ! -d "$source" ]; then
  .local/venv/bin/pip download -q --disable-pip-version-check --no-deps --no-binary :all: \
    -d .local/src "g2opy==$g2o_version"
  tar xzf "$source.tar.gz" -C .local/src
fi

cmake -S cpp -B .local/build -DG2O_SOURCE="$PWD/$source" -Wno-dev >.local/build/configure.log 2>&1 ||
  { cat .local/build/configure.log; exit 1; }
make -C .local/build -j"$jobs" peer_ceres peer_g2o >.local/build/make.log 2>&1 ||
  { tail -40 .local/build/make.log; exit 1; }

cargo build --release --bins
echo "installed"
