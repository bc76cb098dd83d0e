package zonename

import "strings"

// Of are the names that a domain's zone may have, the longest first. A top-level
// domain is nobody's zone.
func Of(domain string) []string {
	labels := strings.Split(strings.TrimSuffix(domain, "."), ".")
	var names []string
	for i := range len(labels) - 1 {
		names = append(names, strings.Join(labels[i:], "."))
	}
	return names
}
