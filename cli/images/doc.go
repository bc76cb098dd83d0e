// Package images asks AWS which machine images there are, with the credentials
// of whoever calls.
package images
