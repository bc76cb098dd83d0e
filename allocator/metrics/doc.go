// Package metrics tells Prometheus what the allocator does and has.
//
// What happens is counted as it happens: Metrics is the service's Meter, hears
// each commit of the store and each answer over HTTP. What there is, is counted
// when it is asked for, by a Census of the store. A label has one of a few values
// that settings or code know: never an id, an address or what somebody typed.
package metrics
