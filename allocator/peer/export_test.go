package peer

import "crypto/tls"

// Certificate is what an allocator shows to others.
func Certificate(i *Identity) tls.Certificate { return i.certificate }

// Settled reports whether a keeper keeps that a machine's tunnel is up, once that was
// written down: only then a look writes it down again.
func Settled(k *Keeper, machine string) bool { return k.up()[machine] != "" }
