// Package edge knows from which addresses Cloudflare connects to a server whose
// name it proxies. The ranges are pinned, so that no answer from outside decides
// who may come in; a deployment compares them with Cloudflare's own answer and
// warns of a difference.
package edge
