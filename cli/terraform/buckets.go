package terraform

import (
	"regexp"
	"slices"
	"strings"
)

// ofBucket is a bucket in a policy. The allocator's lets it reach the states of its
// machines, and nothing else of S3.
var ofBucket = regexp.MustCompile(`arn:aws:s3:::([a-z0-9][a-z0-9.-]+[a-z0-9])`)

// findBuckets finds the buckets that Terraform made, and the one with its states.
func (p *Plan) findBuckets() error {
	for _, o := range p.State.managed("aws_s3_bucket") {
		a, err := read[struct{ ID string }](o)
		if err != nil {
			return err
		}
		p.Buckets = append(p.Buckets, Bucket{Name: a.ID, At: o.Address})
		p.Forget = append(p.Forget, o.Address)
	}
	for _, kind := range []string{"aws_iam_policy", "aws_iam_role_policy"} {
		for _, o := range p.State.managed(kind) {
			a, err := read[struct{ Policy string }](o)
			if err != nil {
				return err
			}
			if m := ofBucket.FindStringSubmatch(a.Policy); m != nil {
				p.StateBucket = m[1]
			}
		}
	}
	return p.findBucketSettings()
}

// findBucketSettings finds what is set on those buckets, such as their policies. Each
// is a resource of its own, and a bucket that stays without them may be open to others.
func (p *Plan) findBucketSettings() error {
	for _, o := range p.State.managed("") {
		if !strings.HasPrefix(o.Type, "aws_s3_bucket_") || o.Type == "aws_s3_bucket_object" {
			continue
		}
		a, err := read[struct{ Bucket string }](o)
		if err != nil {
			return err
		}
		of := slices.IndexFunc(p.Buckets, func(b Bucket) bool { return b.Name == a.Bucket })
		if of < 0 {
			continue
		}
		p.Buckets[of].Settings = append(p.Buckets[of].Settings, o.Address)
		p.Forget = append(p.Forget, o.Address)
	}
	return nil
}
