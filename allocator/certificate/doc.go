// Package certificate gets and renews the allocator's certificate by ACME, in
// the process itself. Keys and certificates are kept on the data volume, so that
// a new host spends no new certificate.
//
// It never stands in the way of a start: without a certificate port 80 answers
// and says why, and the certificate is tried for again, less and less often.
package certificate
