# SPDX-License-Identifier: MIT
# Copyright 2026 The swift-cni authors
# shellcheck shell=bash
# What scripts/test-runtimes has podman, buildah and containerd do; sourced, not run.

plugin_folder=/opt/cni/bin
networks=/etc/cni/net.d
reservations=/var/lib/cni/networks
ctr_namespace=swift-cni-test
# Of the networks podman, masq, made and ctrnet.
container_addresses='10\.(88|90|91|100)\.|fd00:91'

# MARK: Preparation

configure_runtimes() {
  mkdir -p "$networks"
  # The limits and cgroups that containers have by default may be more than this machine gives.
  cat >"$scratch/containers.conf" <<END
[containers]
cgroups = "disabled"
netns = "bridge"
log_driver = "k8s-file"
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
pids_limit = 0
[network]
network_backend = "cni"
cni_plugin_dirs = ["$plugin_folder"]
network_config_dir = "$networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
END
  cat >"$scratch/storage.conf" <<END
[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
END
  export CONTAINERS_CONF=$scratch/containers.conf CONTAINERS_STORAGE_CONF=$scratch/storage.conf BUILDAH_ISOLATION=oci
  # Every plugin that a network may have, and the version and options that podman's own networks lack.
  cat >"$networks/masq.conflist" <<END
{
  "cniVersion": "1.0.0", "name": "masq",
  "plugins": [
    {
      "type": "bridge", "bridge": "masq0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "routes": [{ "dst": "0.0.0.0/0" }], "ranges": [[{ "subnet": "10.90.0.0/24" }]]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } },
    { "type": "bandwidth", "capabilities": { "bandwidth": true }, "ingressRate": 80000000, "ingressBurst": 8000000 },
    { "type": "firewall", "ingressPolicy": "same-bridge" },
    { "type": "tuning", "sysctl": { "net.core.somaxconn": "500" }, "capabilities": { "mac": true } }
  ]
}
END
}

# An image with one program, which answers with its container's name.
make_image() {
  local root=$scratch/root name
  mkdir -p "$root"/{bin,www,etc,tmp,proc,sys,dev}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for name in sh cat httpd ip true timeout wget; do ln -s busybox "$root/bin/$name"; done
  tar -C "$root" -cf "$scratch/root.tar" .
  say "podman import"
  podman import --quiet "$scratch/root.tar" bb >/dev/null || fail "podman does not import the image"
  podman save --quiet --output "$scratch/image.tar" bb || fail "podman does not save the image"
}

# MARK: Expectations

# eventually COMMAND…: whether it succeeds within ten seconds.
eventually() {
  local end=$((SECONDS + 10))
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# answers EXPECTED COMMAND…: whether the command prints this.
answers() { [[ $("${@:2}" 2>/dev/null) == "$1" ]]; }

ask_as_client() { inside client timeout -s KILL 2 busybox wget -q -O - "http://192.0.2.1:$1/" || true; }
ask_as_node() { timeout -s KILL 2 busybox wget -q -O - "http://127.0.0.1:$1/" || true; }

# expect_port PORT EXPECTED WHEN: what the client and the node itself get there; EXPECTED is empty for no answer.
expect_port() {
  eventually answers "$2" ask_as_client "$1" || fail "$3: the client asks port $1 and gets '$(ask_as_client "$1")', not '$2'"
  eventually answers "$2" ask_as_node "$1" || fail "$3: the node asks port $1 of 127.0.0.1 and gets '$(ask_as_node "$1")', not '$2'"
}

# Prints what a removed container may have left. Bridges, tables and their constant rules stay for the next container.
leftovers() {
  ip -o link show type veth | grep -v uplink || true
  ip -o link show type ifb
  tc qdisc show | grep -E ' (tbf|ingress|htb) ' || true
  nft list ruleset 2>/dev/null | grep -E "elements = |$container_addresses" || true
  find "$reservations" -type f -not -name lock -not -name 'last_reserved_ip.*' 2>/dev/null || true
  find /run/cni /run/swift-cni /var/lib/cni -type f -not -path "$reservations/*" 2>/dev/null || true
}
nothing_left() { [[ -z $(leftovers) ]]; }
expect_nothing_left() { eventually nothing_left || fail "$1 left behind:"$'\n'"$(leftovers)"; }

# MARK: cnitool

# It looks for networks and plugins where the runtimes do.
cnitool() { "$scratch/cnitool" "$@"; }

# attachment NETWORK CONTAINER MEMBER: what cnitool says of an attachment; nothing if there is none.
attachment() {
  cnitool attachments "$1" --json | jq -r ".[] | select(.containerID == \"$2\") | .$3"
}

# expect_attached NETWORK CONTAINER ADDRESS WHEN: it is listed with its address, lives, and is as it was made.
expect_attached() {
  [[ $(attachment "$1" "$2" state) == alive && $(attachment "$1" "$2" 'addresses[0]') == "$3/24" ]] ||
    fail "$4: cnitool attachments does not list $2 with $3: $(cnitool attachments)"
  cnitool check "$1" "$(attachment "$1" "$2" namespace)" --id "$2" || fail "$4: cnitool check of $2 fails"
}

# MARK: podman

# serve NAME OPTION…: starts a container whose web server answers with its name.
serve() {
  local name=$1
  shift
  podman run --detach --quiet --stop-signal KILL --name "$name" --hostname "$name" "$@" bb \
    /bin/sh -c "echo $name >/www/index.html; exec /bin/httpd -f -p 80 -h /www" >/dev/null || fail "podman run $* fails"
}

# address CONTAINER NETWORK
address() { podman inspect "$1" | jq -r ".[0].NetworkSettings.Networks[\"$2\"].IPAddress"; }

# test_network NETWORK PORT OPTION…: published ports, neighbours, the world, reload, restart and removal on one network.
test_network() {
  local network=$1 port=$2 first second
  shift 2
  say "podman run --network $network"
  serve first --network "$network" --publish "$port:80" "$@"
  serve second --network "$network" "$@"
  first=$(address first "$network") second=$(address second "$network")
  expect_port "$port" first "podman run on $network"
  expect_in_containers "$first" "$second" "podman run on $network"
  if [[ $network == masq ]]; then expect_tuned_and_shaped; fi
  ! nothing_left || fail "the search for leftovers finds nothing of running containers: it would find nothing that they leave"

  say "podman network reload, restart"
  podman network reload first >/dev/null || fail "podman network reload on $network fails"
  expect_port "$port" first "podman network reload on $network"
  [[ $(address first "$network") == "$first" ]] || fail "podman network reload on $network: the address changed from $first to $(address first "$network")"
  podman restart --time 0 first >/dev/null || fail "podman restart on $network fails"
  expect_port "$port" first "podman restart on $network"
  first=$(address first "$network")
  expect_in_containers "$first" "$second" "podman restart on $network"

  say "podman rm --force"
  podman rm --force --time 0 first >/dev/null || fail "podman rm of first on $network fails"
  expect_port "$port" "" "podman rm on $network"
  answers second ask_in_podman second "$second" || fail "podman rm on $network: the other container's server does not answer any more"
  podman rm --force --time 0 second >/dev/null || fail "podman rm of second on $network fails"
  expect_nothing_left "podman on $network"
}

ask_in_podman() { podman exec "$1" /bin/timeout -s KILL 2 /bin/wget -q -O - "http://$2/" || true; }

# expect_in_containers FIRST SECOND WHEN: both addresses answer to both containers, and the client does to both.
expect_in_containers() {
  local from
  for from in first second; do
    eventually answers first ask_in_podman "$from" "$1" || fail "$3: $from does not reach first at $1"
    eventually answers second ask_in_podman "$from" "$2" || fail "$3: $from does not reach second at $2"
    eventually answers "the client" ask_in_podman "$from" 192.0.2.2 ||
      fail "$3: $from does not reach the client, which has no route back: its packets are not forwarded or not masqueraded"
  done
}

expect_tuned_and_shaped() {
  answers 500 podman exec first /bin/cat /proc/sys/net/core/somaxconn || fail "podman run on masq: tuning did not set net.core.somaxconn"
  (($(tc qdisc show | grep -c ' tbf .* rate 80Mbit') == 2)) ||
    fail "podman run on masq: bandwidth does not limit both containers: $(tc qdisc show)"
}

# The last plugin of the list fails, after all others have done their part.
test_failed_run() {
  say "podman run with a configuration that a plugin refuses"
  jq '.name = "refused" | .plugins[0].bridge = "refused0" | .plugins[-1].sysctl = { "kernel.hostname": "x" }' \
    "$networks/masq.conflist" >"$networks/refused.conflist"
  local message
  ! message=$(podman run --rm --network refused --publish 18083:80 bb /bin/true 2>&1) || fail "podman run succeeds with kernel.hostname in tuning"
  [[ $message == *kernel.hostname* ]] || fail "podman does not tell what tuning refused: $message"
  rm "$networks/refused.conflist"
  podman rm --all --force >/dev/null
  expect_nothing_left "a failed podman run"
}

# Another runtime's attachments, and one more network for another runtime's container.
test_cnitool_with_podman() {
  local id
  say "cnitool attachments, check, run --container, del after podman run"
  serve first --network masq --publish 18084:80
  id=$(podman inspect first | jq -r '.[0].Id')
  expect_attached masq "$id" "$(address first masq)" "podman run"
  cnitool run --container first made -- busybox ip -4 address show dev eth1 | grep -q 'inet 10\.91\.' ||
    fail "cnitool run --container does not attach podman's container to a second network"
  ! podman exec first /bin/ip link show dev eth1 >/dev/null 2>&1 || fail "cnitool run --container leaves its interface"
  expect_attached masq "$id" "$(address first masq)" "cnitool run --container"
  cnitool gc || fail "cnitool gc fails beside a container of podman"
  expect_port 18084 first "cnitool gc"
  cnitool del masq "$(attachment masq "$id" namespace)" --id "$id" || fail "cnitool del of podman's attachment fails"
  [[ -z $(attachment masq "$id" state) ]] || fail "cnitool del leaves podman's attachment in the list: $(cnitool attachments)"
  expect_nothing_left "cnitool del of podman's attachment"
  podman rm --force --time 0 first >/dev/null || fail "podman rm fails after cnitool del"
}

test_podman() {
  test_network podman 18080
  test_network masq 18081
  say "podman network create"
  podman network create --subnet 10.91.0.0/24 --subnet fd00:91::/64 --ipv6 --opt isolate=true made >/dev/null ||
    fail "podman network create fails"
  test_network made 18082
  test_failed_run
  test_cnitool_with_podman
}

# MARK: buildah

test_buildah() {
  local container output
  say "buildah run"
  container=$(buildah from --pull-never localhost/bb) || fail "buildah from fails"
  output=$(buildah run "$container" /bin/sh -c 'ip -4 addr show dev eth0; wget -q -O - http://192.0.2.2/' 2>&1) ||
    fail "buildah run fails: $output"
  [[ $output == *'inet 10.88.'*'the client'* ]] || fail "buildah run has no network: $output"
  buildah rm "$container" >/dev/null || fail "buildah rm fails"
  expect_nothing_left "buildah run"
}

# MARK: containerd

test_containerd() {
  local output log=$scratch/containerd.log
  # ctr takes the first network of the folder.
  jq '.name = "ctrnet" | .plugins[0].bridge = "ctr0" | .plugins[0].ipam.ranges = [[{ "subnet": "10.100.0.0/24" }]]' \
    "$networks/masq.conflist" >"$networks/00-ctr.conflist"
  cat >"$scratch/containerd.toml" <<END
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
END
  export CONTAINERD_SNAPSHOTTER=native CONTAINERD_NAMESPACE=$ctr_namespace
  say "containerd; ctr run --rm --cni"
  containerd --config "$scratch/containerd.toml" >"$log" 2>&1 &
  eventually ctr version >/dev/null 2>&1 || fail "containerd does not start: $(tail -n 5 "$log")"
  ctr image import "$scratch/image.tar" >/dev/null || fail "ctr does not import the image"
  output=$(ctr run --rm --cni localhost/bb:latest one /bin/sh -c 'ip -4 addr show dev eth0; wget -q -O - http://192.0.2.2/' 2>&1) ||
    fail "ctr run fails: $output"
  [[ $output == *'inet 10.100.0.'*'the client'* ]] || fail "ctr run has no network: $output"
  expect_nothing_left "ctr run"
  test_cnitool_with_containerd
}

# ctr deletes attachments only with --rm: cnitool gc does when the container is gone.
test_cnitool_with_containerd() {
  local id=$ctr_namespace-two address
  say "cnitool attachments, check, gc after ctr run --detach"
  ctr run --detach --cni localhost/bb:latest two /bin/httpd -f -p 80 >/dev/null || fail "ctr run --detach fails"
  address=$(attachment ctrnet "$id" 'addresses[0]')
  [[ $address == 10.100.0.* ]] || fail "cnitool attachments does not list ctr's $id: $(cnitool attachments)"
  expect_attached ctrnet "$id" "${address%/24}" "ctr run"
  cnitool run --container two made -- busybox ip -4 address show dev eth1 | grep -q 'inet 10\.91\.' ||
    fail "cnitool run --container does not attach containerd's container to a second network"
  cnitool gc || fail "cnitool gc fails beside a container of containerd"
  expect_attached ctrnet "$id" "${address%/24}" "cnitool gc"
  ctr task kill --signal KILL two || fail "ctr task kill fails"
  eventually ctr task delete two >/dev/null 2>&1 || fail "ctr task delete fails"
  ctr container delete two || fail "ctr container delete fails"
  eventually answers gone attachment ctrnet "$id" state || fail "cnitool attachments says of a dead container: $(cnitool attachments)"
  cnitool gc || fail "cnitool gc of containerd's attachment fails"
  expect_nothing_left "cnitool gc of containerd's attachment"
}
