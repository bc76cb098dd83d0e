// Package sts checks by which instance an agent's proof was made. It hands the
// signed request to AWS STS and to nobody else: the proof holds headers only,
// and method, address and body are this package's own. What STS answers says
// the account, the role, and in the session's name the instance.
package sts
