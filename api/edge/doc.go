// Package edge knows from which addresses Cloudflare connects to a server whose
// name it proxies, and at which it answers in that server's place. The ranges are
// pinned, so that no answer from outside decides who may come in; a deployment
// compares them with Cloudflare's own answer and warns of a difference.
package edge
