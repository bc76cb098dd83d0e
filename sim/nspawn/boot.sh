#!/bin/bash
# Gives a machine its file system and its cable, and boots it. It runs in mount and
# network namespaces of its own, and ends as systemd-nspawn: by 133 where the
# machine is to boot again.
set -euo pipefail
dir="$1" base="$2" name="$3" address="$4"
shift 4

mount --make-rprivate /
# As a whole: somebody may be reading that of the boot before.
echo $$ >"$dir/pid.new"
mv "$dir/pid.new" "$dir/pid"
mkdir -p "$dir/upper" "$dir/work" "$dir/root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"

mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
ip netns add machine
ip link add cable type veth peer name eth0 netns machine
ip address add 169.254.169.1 peer "$address" dev cable
ip link set lo up
ip link set cable up
ip route add local 0.0.0.0/0 dev lo # every address is here, so whoever it asks is answered
ip route add unreachable "$address/32" metric 9999 # but its own, also while its cable is out

ip -n machine link set lo up
ip -n machine address add "$address/32" dev eth0
ip -n machine link set eth0 up
ip -n machine route add 169.254.169.1/32 dev eth0
ip -n machine route add default via 169.254.169.1

# A control group of its own: of one that two machines share, each one's systemd clears
# away what the other is about to use. Those of machines that are gone go.
exec 9>/run/lablink-machines.lock
flock 9
for tree in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  [ -w "$tree/cgroup.procs" ] || continue
  for old in "$tree"/lablink-*/; do
    [ -d "$old" ] || continue
    [ -n "$(find "$old" -name cgroup.procs -exec cat {} +)" ] || find "$old" -depth -type d -exec rmdir {} + || true # one that just ends goes next time
  done
  own="$tree/lablink-$(basename "$dir")"
  mkdir -p "$own"
  echo $$ >"$own/cgroup.procs"
done
exec 9>&-

# Its udev is one that works: /sys can be written to, and systemd, which believes in no
# udev in a container before it has seen its socket, sees one from the start.
rm -rf "$dir/udev"
mkdir "$dir/udev"
touch "$dir/udev/control"
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=1
exec systemd-nspawn --directory="$dir/root" --machine="$name" --register=no --keep-unit --boot \
  --network-namespace-path=/run/netns/machine --resolv-conf=off --timezone=off --link-journal=no \
  --capability=CAP_NET_ADMIN --system-call-filter=@keyring --console=read-only --bind="$dir/udev:/run/udev" "$@" </dev/null
