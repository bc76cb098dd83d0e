// Package dns declares the record that people type: in Route 53, in the public
// zone that fits the name best.
package dns
