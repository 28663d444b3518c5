# SPDX-License-Identifier: MIT
# Copyright 2026 The swift-cni authors
# shellcheck shell=bash
# A node and its client, for scripts that run in private namespaces; sourced, not run. The callers set `scratch`.

# A bind mount keeps a namespace, as `ip netns` does, but in a private mount namespace.
make_namespace() {
  touch "$scratch/$1"
  unshare --net="$scratch/$1"
  nsenter --net="$scratch/$1" ip link set lo up
}

# inside NAMESPACE COMMAND…
inside() { nsenter --net="$scratch/$1" "${@:2}"; }

# The node is this namespace itself (192.0.2.1); the client (192.0.2.2) has no route to any container.
make_node_and_client() {
  ip link set lo up
  make_namespace client
  ip link add uplink type veth peer name eth0 netns "$scratch/client"
  ip address add 192.0.2.1/24 dev uplink
  ip link set uplink up
  inside client ip address add 192.0.2.2/24 dev eth0
  inside client ip link set eth0 up
}
