// Package remains asks AWS what there is of an environment, by its tags, and ends
// the machines that its allocator launched, with the credentials of whoever calls.
package remains
