#!/usr/bin/env bash
# Installs what is missing to build, run and test Consilium on Debian 12. Safe to repeat; says what it does.
#   tools/setup.sh build   compilers, libraries, Node.js, the browser part's packages
#   tools/setup.sh test    the same, and what only the tests need (Chromium, validators, Python readers)
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-build}
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() { # list file
  local missing=()
  while read -r package; do
    [ -n "$package" ] || continue
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done < "$1"
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

node_major() { command -v node > /dev/null && node --version | sed 's/^v\([0-9]*\).*/\1/' || echo 0; }

install_node() {
  # Debian 12 has Node.js 18; the tools of the browser part want 20. npm's package "node" carries the binary.
  [ -x .tools/node/node_modules/node/bin/node ] && return 0
  [ "$(node_major)" -ge 20 ] && return 0
  if ! command -v npm > /dev/null; then
    say "installing Debian's npm, to fetch a newer Node.js with it"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm > /dev/null
    [ "$(node_major)" -ge 20 ] && return 0
  fi
  say "installing Node.js 20 from npm's package node into .tools/node"
  mkdir -p .tools/node
  npm install --prefix .tools/node --no-audit --no-fund --silent node@20
}

install_web() {
  local stamp=web/node_modules/.installed
  if [ ! -f "$stamp" ] || ! cmp -s web/package-lock.json "$stamp"; then
    say "installing the browser part's packages"
    (cd web && npm ci --no-audit --no-fund --silent)
    cp web/package-lock.json "$stamp"
  fi
}

install_python() {
  local stamp=.tools/python/.installed
  if [ ! -f "$stamp" ] || ! cmp -s tests/judge/requirements.txt "$stamp"; then
    say "making the tests' own Python environment in .tools/python"
    python3 -m venv .tools/python
    .tools/python/bin/pip install --quiet --disable-pip-version-check -r tests/judge/requirements.txt
    cp tests/judge/requirements.txt "$stamp"
  fi
}

install_ohif() {
  # The published build alone: some packages that it names as its dependencies are not published in that version.
  local version=3.13.2
  [ -f ".tools/ohif/package-$version" ] && return 0
  say "fetching OHIF's build from npm, a viewer that the tests open our studies in"
  rm -rf .tools/ohif && mkdir -p .tools/ohif
  (cd .tools/ohif && npm pack --silent "@ohif/app@$version" > /dev/null && tar xzf ./*.tgz && rm ./*.tgz && touch "package-$version")
}

install_packages tools/packages.txt
install_node
export PATH="$PWD/.tools/node/node_modules/node/bin:$PATH"
install_web
if [ "$what" = test ]; then
  install_packages tools/packages-test.txt
  install_python
  install_ohif
fi
