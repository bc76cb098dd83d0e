// Package certificate gets and renews the allocator's certificate by ACME, in
// the process itself. Keys and certificates are kept on the data volume, so that
// a new host spends no new certificate.
package certificate
