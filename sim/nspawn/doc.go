// Package nspawn boots a Debian with its own systemd, udev and cloud-init in a
// container, as root and on Linux: a machine of the simulated account, as near to
// one of EC2 as can be had without a virtual machine.
//
// Every machine starts from one base system, which Build makes once, with a layer
// of its own over it. It has a network of its own: one cable, at whose other end
// all that the machine sends arrives, whatever address it is for. Network listens
// there, and dials the machine from any address. Volumes are loop devices, which
// udev names as it names EBS volumes.
//
// What a machine mounts, and its network, end with its processes. Nothing of that
// is seen outside. It imports nothing of LabLink.
package nspawn
