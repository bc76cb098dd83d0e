// Package identity shows the allocator which machine this is, and keeps what
// the allocator answers.
//
// An EC2 machine proves itself with a GetCallerIdentity request to AWS STS,
// signed with the credentials of its instance role and not sent (api.Proof).
// The answer, an id and a secret, goes into a file that only the agent's user
// can read.
//
// The parts of the AWS SDK used here are the signer and the instance metadata
// client. The SDK's configuration chain and its STS client would make the
// agent's binary and memory half as large again, for sources of credentials
// that a machine does not have.
package identity
