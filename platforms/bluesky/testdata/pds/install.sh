#!/bin/sh
# Installs a real Bluesky server into the folder given, outside of the Go build,
# and leaves there: node (the Node to run it with), server.mjs, node_modules.
# The server needs Node 22; where the machine has an older one, that Node comes
# from the npm registry too. Uses whatever registry npm is set to.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
node_version=22.23.3

command -v npm >/dev/null || { echo "test-pds needs npm (and Node): not installed" >&2; exit 1; }
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

want=$(cat "$here/package.json" "$0" | cksum)
if [ -f "$dir/installed" ] && [ "$(cat "$dir/installed")" = "$want" ]; then
  cp "$here/server.mjs" "$dir/server.mjs"
  exit 0
fi

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -ge 22 ]; then
  ln -sf "$(command -v node)" "$dir/node"
else
  arch=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
  own="$dir/node22/node_modules/node-linux-$arch"
  mkdir -p "$dir/node22"
  [ -f "$dir/node22/package.json" ] || echo '{"private":true}' >"$dir/node22/package.json"
  npm install --prefix "$dir/node22" --no-audit --no-fund --no-package-lock --loglevel=error "node-linux-$arch@$node_version"
  ln -sf "$own/bin/node" "$dir/node"
  PATH="$own/bin:$PATH"
  npm_config_nodedir="$own" # headers, for what has to be compiled
  export PATH npm_config_nodedir
fi

cp "$here/package.json" "$here/server.mjs" "$dir/"
npm install --prefix "$dir" --no-audit --no-fund --no-package-lock --loglevel=error
echo "$want" >"$dir/installed"
