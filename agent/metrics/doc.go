// Package metrics tells Prometheus of the machine's GPUs, on loopback. It shows what the
// last look found: a scrape asks the GPUs nothing.
package metrics
