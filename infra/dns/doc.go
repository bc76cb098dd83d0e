// Package dns declares the record that people type: in Route 53 or at Cloudflare,
// in the zone that fits the name best. Where somebody else makes the record, it
// says which.
package dns
