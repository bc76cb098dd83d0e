// Package origin declares the certificate that the allocator shows to Cloudflare,
// which Cloudflare's own authority issues. Its key is made once and kept in SSM;
// key and certificate belong together, as the request for the certificate follows
// from the key that is kept.
package origin
