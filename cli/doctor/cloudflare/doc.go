// Package cloudflare is doctor's adapter for Cloudflare's zones: three questions of
// its API, for which its library of all products would be much to take over.
package cloudflare
