#!/bin/sh
# Installs a release of specify for Linux, macOS or FreeBSD into a folder:
#
#   sh install.sh [FOLDER]       the default is /usr/local/bin
#
# SPECIFY_VERSION is a release, such as v1.2.3, or latest (the default);
# SPECIFY_DOWNLOAD is where releases are, for a mirror of them. The archive's
# SHA-256 must be the one in the release's SHA256SUMS, or nothing is installed.
set -eu

folder=${1:-/usr/local/bin}
version=${SPECIFY_VERSION:-latest}
releases=${SPECIFY_DOWNLOAD:-https://github.com/specify-cli/specify/releases}

fail() {
	echo "install.sh: error: $*" >&2
	exit 1
}

os=$(uname -s | tr '[:upper:]' '[:lower:]')
case $os in
linux | darwin | freebsd) ;;
*) fail "no release is made for $os by this script; see $releases" ;;
esac
case $(uname -m) in
x86_64 | amd64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) fail "no release is made for $(uname -m)" ;;
esac
archive=specify_${os}_$arch.tar.gz
case $version in
latest) from=$releases/latest/download ;;
v[0-9]*) from=$releases/download/$version ;;
*) fail "$version is no release: say v1.2.3, or latest" ;;
esac

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for name in "$archive" SHA256SUMS; do
	curl -fsSL --retry 3 -o "$tmp/$name" "$from/$name" || fail "$from/$name cannot be fetched"
done
cd "$tmp"
grep " $archive\$" SHA256SUMS >wanted || fail "SHA256SUMS does not name $archive"
if command -v sha256sum >/dev/null; then
	sha256sum -c wanted >/dev/null 2>&1
else
	shasum -a 256 -c wanted >/dev/null 2>&1
fi || fail "$archive is not what SHA256SUMS says"
tar -xzf "$archive" specify
cd - >/dev/null
mkdir -p "$folder"
install -m 755 "$tmp/specify" "$folder/specify"
"$folder/specify" version
