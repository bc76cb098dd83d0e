// Package identity shows the allocator which machine this is, and keeps who the
// agent is to it.
//
// An EC2 machine proves itself with a GetCallerIdentity request to AWS STS,
// signed with the credentials of its instance role and not sent (api.Proof).
// The agent's secret, and the id that it is answered, are in a file that only
// the agent's user can read.
//
// The parts of the AWS SDK used here are the signer and the instance metadata
// client. The SDK's configuration chain and its STS client would make the
// agent's binary and memory half as large again, for sources of credentials
// that a machine does not have.
package identity
