package guardrail

import (
	"slices"

	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func bucketsAreClosed(s Stack) []string {
	return s.each(bucket, func(b recording.Record) string {
		name := b.Text("bucket")
		about := func(typ string) recording.Record {
			for _, record := range s.Of(typ) {
				if record.Text("bucket") == name {
					return record
				}
			}
			return recording.Record{}
		}
		for _, way := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
			if about(bucketAccess).Get(way) != true {
				return "can be opened: " + way
			}
		}
		switch {
		case about(bucketVersioning).Text("versioningConfiguration.status") != "Enabled":
			return "keeps no versions"
		case about(bucketEncryption).Text("rules[0].applyServerSideEncryptionByDefault.sseAlgorithm") == "":
			return "is not encrypted"
		}
		return plain(about(bucketPolicy), name)
	})
}

// plain tells when a bucket's policy does not deny everybody everything without
// TLS, or gives somebody something.
func plain(p recording.Record, bucket string) string {
	rules, wrong := rulesOf(p, "policy")
	if slices.ContainsFunc(rules, func(r policy.Rule) bool { return r.Effect != "Deny" }) {
		return "is opened by its policy"
	}
	refuses := slices.ContainsFunc(rules, func(r policy.Rule) bool {
		return r.Effect == "Deny" && slices.Contains(r.Principal["AWS"], "*") && slices.Equal(r.Action, []string{"s3:*"}) &&
			slices.Contains(r.Resource, "arn:aws:s3:::"+bucket) && slices.Contains(r.Resource, "arn:aws:s3:::"+bucket+"/*") &&
			len(r.Condition) == 1 && len(r.Condition["Bool"]) == 1 && slices.Equal(r.Condition["Bool"]["aws:SecureTransport"], []string{"false"})
	})
	if wrong == "" && !refuses {
		return "can be read without TLS"
	}
	return wrong
}
