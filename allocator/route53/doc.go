// Package route53 keeps one record in a hosted zone of Route 53: the one that
// proves to a certificate authority whose the name is. It asks for no list of
// zones or records, so that the host's role may change that record and nothing
// else.
package route53
