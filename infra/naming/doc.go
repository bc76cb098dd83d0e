// Package naming gives everything that is deployed its name and its tags.
//
// A name is {deployment}-{what}-{environment}. Where AWS allows less room, the
// name is cut and ends in a hash of the whole, so that it is never refused and
// two names never meet.
package naming
