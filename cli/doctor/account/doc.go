// Package account is doctor's adapter for AWS: it reads, with the credentials of
// whoever calls, and says in doctor's errors what AWS's mean.
package account
