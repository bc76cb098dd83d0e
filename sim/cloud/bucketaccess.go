package cloud

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// PublicAccessBlock is aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock.
type PublicAccessBlock struct {
	ID                    string `json:"id"`
	Bucket                string `json:"bucket"`
	BlockPublicACLs       bool   `json:"blockPublicAcls,omitempty"`
	BlockPublicPolicy     bool   `json:"blockPublicPolicy,omitempty"`
	IgnorePublicACLs      bool   `json:"ignorePublicAcls,omitempty"`
	RestrictPublicBuckets bool   `json:"restrictPublicBuckets,omitempty"`
}

// Of is the setting's kind and bucket.
func (s *PublicAccessBlock) Of() (string, string) { return "publicAccessBlock", s.Bucket }

// Check accepts every combination.
func (s *PublicAccessBlock) Check() error { s.ID = s.Bucket; return nil }

// allowsPublicPolicy refuses unless a setting says otherwise: a new bucket is
// closed.
func (m *model) allowsPublicPolicy(bucket string) error {
	closed := PublicAccessBlock{BlockPublicPolicy: true}
	if raw := m.BucketSettings["publicAccessBlock/"+bucket]; raw != nil {
		closed = PublicAccessBlock{}
		if err := json.Unmarshal(*raw, &closed); err != nil {
			return fmt.Errorf("read the public access block of %s: %w", bucket, err)
		}
	}
	if closed.BlockPublicPolicy {
		return refuseStatus(403, "AccessDenied", "Access Denied because public policies are blocked by the BlockPublicPolicy block public access setting.")
	}
	return nil
}

// BucketPolicy is aws:s3/bucketPolicy:BucketPolicy.
type BucketPolicy struct {
	ID     string `json:"id"`
	Bucket string `json:"bucket"`
	Policy string `json:"policy"`
}

// Of is the setting's kind and bucket.
func (s *BucketPolicy) Of() (string, string) { return "policy", s.Bucket }

// Check refuses a malformed policy and one that speaks of another bucket.
func (s *BucketPolicy) Check() error {
	s.ID = s.Bucket
	d, err := iam.Parse(s.Policy, iam.Resource)
	if err != nil {
		return refuse("MalformedPolicy", "%s", err)
	}
	own := "arn:aws:s3:::" + s.Bucket
	for _, statement := range d.Statement {
		for _, r := range slices.Concat(statement.Resource, statement.NotResource) {
			if r != own && !strings.HasPrefix(r, own+"/") {
				return refuse("MalformedPolicy", "Policy has invalid resource")
			}
		}
	}
	return nil
}

// public reports whether the policy lets everybody do something.
func (s *BucketPolicy) public() bool {
	d, err := iam.Parse(s.Policy, iam.Resource)
	return err == nil && slices.ContainsFunc(d.Statement, func(st iam.Statement) bool {
		if st.Effect != "Allow" || len(st.Condition) > 0 {
			return false
		}
		_, everybody := (*st.Principal)["*"] // one that allows has a principal
		return everybody || slices.Contains((*st.Principal)["AWS"], "*")
	})
}
