// Package certificate declares the certificate of a name in AWS Certificate
// Manager, for load balancers: ACM issues it once a record in Route 53 shows that
// the name is ours, and renews it as long as the record is there. Or ACM keeps one
// that somebody else issued.
package certificate
