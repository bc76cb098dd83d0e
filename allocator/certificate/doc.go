// Package certificate is what the allocator serves TLS with: a certificate that
// it gets and renews by ACME, in the process itself, or one of Cloudflare's that
// the stack hands over. Keys and certificates of ACME are kept on the data volume,
// so that a new host spends no new certificate.
//
// ACME never stands in the way of a start: without a certificate port 80 answers
// and says why, and the certificate is tried for again, less and less often.
package certificate
