package guardrail

import (
	"slices"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// kept are the types that cannot be made again as they were, and what keeps them
// closed. Balancers and databases have a protection of their own beside it.
var kept = []string{
	volume, bucket, bucketPolicy, bucketAccess, bucketEncryption, bucketVersioning,
	address, route53Record, cloudflareRecord, key, oidcProvider, loadBalancer, dbInstance,
}

// passing are of those types, and come and go with what they are for.
var passing = []string{"certificate-record", "network-nat-address"}

func keptIsProtected(s Stack) []string {
	var out []string
	for _, r := range s.Records {
		want := s.Protect && slices.Contains(kept, r.Type) && !slices.Contains(passing, r.Name)
		switch {
		case r.Protect == want && (r.RetainOnDelete || !want || guarded(r)):
		case want:
			out = append(out, r.Type+" "+r.Name+" can be deleted")
		default:
			out = append(out, r.Type+" "+r.Name+" is protected, and can be made again")
		}
	}
	return out
}

// guarded reports whether AWS itself refuses the deletion.
func guarded(r recording.Record) bool {
	return r.Get("deletionProtection") == true || r.Get("enableDeletionProtection") == true
}
