#!/bin/sh
# Builds the commit that is checked out twice, in folders of different names,
# the second time with nothing cached, and fails unless both programs are equal
# byte for byte and say which commit they are of.
set -eu
top=$(git rev-parse --show-toplevel)
commit=$(git rev-parse HEAD)
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp" && rm -rf "$tmp"' EXIT

build() { # build FOLDER
	git clone -q --no-checkout "$top" "$tmp/$1"
	git -C "$tmp/$1" checkout -q "$commit"
	make -s -C "$tmp/$1" build GOFLAGS=-buildvcs=true
}

build one
export GOCACHE="$tmp/cache"
build another/folder

cmp "$tmp/one/bin/specify" "$tmp/another/folder/bin/specify"
version=$("$tmp/one/bin/specify" version --json)
case $version in
*dirty*) echo "$version"; exit 1 ;;
*"\"commit\":\"$commit\""*) ;;
*) echo "$version: not $commit"; exit 1 ;;
esac
(cd "$tmp/one/bin" && sha256sum specify)
