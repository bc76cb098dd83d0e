package peer

import "crypto/tls"

// Certificate is what an allocator shows to others.
func Certificate(i *Identity) tls.Certificate { return i.certificate }
