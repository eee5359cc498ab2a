#!/usr/bin/env bash
# Builds the browser part and the optimised binary: web/dist and build/release/src/consilium.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/node/node_modules/node/bin:$PATH"
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

# The browser part is built again only when something it is made from is newer than its result.
if [ ! -f web/dist/index.html ] || [ -n "$(find web/src web/index.html web/package-lock.json web/vite.config.ts -newer web/dist/index.html -print -quit)" ]; then
  say "building the browser part"
  (cd web && npm run --silent build)
fi
if [ ! -f build/release/build.ninja ]; then
  say "configuring (CMake preset release)"
  cmake --preset release > /dev/null
fi
say "building consilium"
ninja -C build/release consilium
