#!/bin/sh
# Delays all packets that leave a network interface, by netem. Restores the interface when it ends.
#
#   latency.sh <ms> [interface]                 delays the interface (default: eth0) until it is ended
#   latency.sh <ms> lo <command> [argument …]   delays it while the command runs, and returns its status
set -eu

ms=${1:?usage: latency.sh <ms> [interface [command …]]}
interface=${2:-eth0}
shift
[ $# -eq 0 ] || shift

restore() { tc qdisc del dev "$interface" root 2>/dev/null || true; }
trap restore EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

tc qdisc replace dev "$interface" root netem delay "${ms}ms"
tc qdisc show dev "$interface"

if [ $# -gt 0 ]; then
  "$@"
else
  while :; do sleep 3600 & wait $!; done
fi
