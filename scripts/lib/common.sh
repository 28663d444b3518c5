# SPDX-License-Identifier: MIT
# Copyright 2026 The swift-cni authors
# shellcheck shell=bash
# Shared by the scripts; sourced, not run.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin # a plain `su` omits them; nft, ip and iptables are there

say() { printf '==> %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# need_value OPTION [VALUE]…: fails if the option has no value.
need_value() { (($# > 1)) || fail "$1 needs a value (see --help)"; }

# The comment at the head of a script is its help: the lines from the fourth to the first that is no comment.
help() { sed -n '4,${/^#/!q; s/^# \{0,1\}//p;}' "$0"; }

require_root() {
  ((EUID == 0)) || fail "must be run as root: it installs packages, files and network namespaces"
}

require_swift() {
  type -P swift >/dev/null ||
    fail "no swift in PATH: install Swift 6.2 or later (https://www.swift.org/install/linux), or add its folder to root's PATH"
}

# Swift leaves about thirty folders per build in TMPDIR.
swift() {
  local folder status=0
  folder=$(mktemp -d)
  TMPDIR=$folder command swift "$@" || status=$?
  rm -rf "$folder"
  return "$status"
}

# present COMMAND_OR_FILE: whether the command is in PATH, or the absolute path (or pattern) exists.
present() {
  case $1 in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# need COMMAND_OR_FILE PACKAGE…: installs packages unless that is present; fails if it cannot.
need() {
  local wanted=$1
  shift
  if present "$wanted"; then return; fi
  command -v apt-get >/dev/null || fail "$wanted is missing, and there is no apt-get to install it with (Debian: $*)"
  if [[ -z ${package_lists_fresh:-} ]]; then
    say "apt-get update"
    apt-get update -qq || fail "$wanted is missing, and apt-get update fails, so $* cannot be installed"
    package_lists_fresh=yes
  fi
  say "$wanted is missing: apt-get install $*"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    fail "$wanted is missing, and apt-get does not install $*"
}

# need_without_service UNIT WANTED PACKAGE…: like need; the package's service is masked during its installation and not enabled,
# because a daemon that runs would change this machine.
need_without_service() {
  local unit=$1 mask=/etc/systemd/system/$1 ours='' status=0
  shift
  if present "$1"; then return; fi
  if [[ -d ${mask%/*} && ! -L $mask && ! -e $mask ]]; then
    ln -s /dev/null "$mask"
    ours=yes
  fi
  (need "$@") || status=$? # in a subshell, because the mask must go also when the installation fails
  if [[ -n $ours ]]; then
    rm "$mask"
    ((status != 0)) || systemctl --quiet disable "$unit"
  fi
  ((status == 0)) || exit "$status"
}

need_build_packages() {
  need /usr/include/jansson.h libjansson-dev
  need /usr/include/sha512.h libmd-dev
  need '/usr/lib/*/libc.a' libc6-dev # the program links static archives
  need '/usr/lib/gcc/*/*/libstdc++.a' g++
}

# All scripts use the same flags, because other flags would rebuild everything. Without the local rpath no program loads libraries from
# its own folder, which others may be able to write to.
build_flags=(--package-path "$repository" --explicit-target-dependency-import-check error --disable-local-rpath)

# Generic types that the compiler knows are made when it compiles, and not at each start; Apple's platforms have that by default.
release_flags=(-c release -Xswiftc -Xfrontend -Xswiftc -prespecialize-generic-metadata "${build_flags[@]}")

# Builds a release product, and prints its path; everything else goes to stderr.
build_product() {
  local flags=("${release_flags[@]}" --product "$1")
  require_swift
  need_build_packages >&2
  say "swift build -c release --product $1" >&2
  swift build "${flags[@]}" >&2 || return # in a command substitution bash goes on after a failure, despite `set -e`
  echo "$(swift build "${flags[@]}" --show-bin-path)/$1"
}

# Builds the release program, and sets `binary` to its path.
# shellcheck disable=SC2034 # the callers use it
build_release() { binary=$(build_product swift-cni); }

# Builds cnitool, and sets `tool` to its path.
# shellcheck disable=SC2034
build_tool() { tool=$(build_product cnitool); }

# Runs a command in mount, network and pid namespaces of its own, which end with this script however it ends:
# --kill-child and --pdeathsig also cover a SIGKILL, which no trap sees.
in_private_namespaces() {
  need setpriv util-linux
  # In the background, because bash handles a signal only after a foreground command has ended.
  setpriv --pdeathsig KILL \
    unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private -- "$@" &
  private_namespaces=$!
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  local status=0
  wait "$private_namespaces" || status=$?
  private_namespaces=
  return "$status"
}

# For the caller's EXIT trap: `unshare --fork` ignores SIGTERM.
end_private_namespaces() {
  if [[ -n ${private_namespaces:-} ]]; then
    kill -KILL "$private_namespaces" 2>/dev/null || true
    wait "$private_namespaces" 2>/dev/null || true
  fi
}
