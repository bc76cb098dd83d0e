package api

// Proof is a GetCallerIdentity request to AWS STS that the machine signed with
// its instance role and did not send. Only the headers travel: the allocator
// supplies method, host, path and body itself, so that a proof can be checked
// nowhere but at STS. For credentials of an instance profile, STS answers with
// the role and, as session name, the instance's id.
type Proof struct {
	// Headers are the signed headers with the signature, by canonical name.
	Headers map[string]string `json:"headers" maxProperties:"16"`
}

const (
	// ProofBody is the form that the signature covers.
	ProofBody = "Action=GetCallerIdentity&Version=2011-06-15"
	// ProofContentType is the media type that the signature covers.
	ProofContentType = "application/x-www-form-urlencoded; charset=utf-8"
	// AudienceHeader names, inside the signature, the allocator that the proof
	// is for, so that a proof made for one is worthless to another.
	AudienceHeader = "X-Lablink-Audience"
)

// Audience is what AudienceHeader holds for one deployment and environment.
func Audience(deployment, environment string) string {
	return "lablink/" + deployment + "/" + environment
}
