package edge

import (
	"net/netip"
	"slices"
)

// ranges is https://www.cloudflare.com/ips-v4, as Cloudflare has published it
// since 28 September 2023.
var ranges = []string{
	"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18",
	"108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17",
	"162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
}

// ranges6 is https://www.cloudflare.com/ips-v6. Cloudflare answers there, too; nobody
// comes in from there, as allocators have IPv4 addresses only.
var ranges6 = []string{
	"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
}

// Header is the request header in which Cloudflare names the address that a
// person came from.
const Header = "CF-Connecting-IP"

// Ranges are Cloudflare's IPv4 ranges.
func Ranges() []string { return slices.Clone(ranges) }

// Holds reports whether a range is a part of one of Cloudflare's.
func Holds(cidr netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(r string) bool {
		own := netip.MustParsePrefix(r)
		return own.Bits() <= cidr.Bits() && own.Contains(cidr.Addr())
	})
}

// Answers reports whether an address is one at which Cloudflare answers for names
// that it proxies.
func Answers(address netip.Addr) bool {
	return slices.ContainsFunc(slices.Concat(ranges, ranges6), func(r string) bool {
		return netip.MustParsePrefix(r).Contains(address.Unmap())
	})
}

// Drift compares the pinned ranges with the ones that Cloudflare names now: those
// that it has added since, and those that it has given up.
func Drift(now []string) (added, gone []string) {
	return without(now, ranges), without(ranges, now)
}

func without(list, known []string) []string {
	var out []string
	for _, r := range list {
		if !slices.Contains(known, r) {
			out = append(out, r)
		}
	}
	return out
}
