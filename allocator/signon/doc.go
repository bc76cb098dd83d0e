// Package signon lets staff log in with their institution's account: it sends a browser
// to an OpenID Connect provider, checks what it brings back, and says which role the
// deployment's settings give to whom that names.
package signon
