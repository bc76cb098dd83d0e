package lookup_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/infra/lookup"
)

func TestAnErrorSaysWhetherSomethingIsMissingOrDenied(t *testing.T) {
	for text, want := range map[string]struct{ missing, denied bool }{
		"invoking aws:ec2/getVpc:getVpc: 1 error occurred:\n\t* no matching EC2 VPC found": {missing: true},
		"reading SSM Parameter (/none): couldn't find resource":                            {missing: true},
		"reading SSM Parameter (/p): operation error SSM: GetParameter, https response error StatusCode: 400, RequestID: 1, api error AccessDeniedException: User: x is not authorized to perform: ssm:GetParameter": {denied: true},
		"reading IAM OIDC Provider (https://x): operation error IAM: ListOpenIDConnectProviders, https response error StatusCode: 403, RequestID: 1, api error AccessDenied: User: x is not authorized":              {denied: true},
		"reading EBS Volumes: operation error EC2: DescribeVolumes, https response error StatusCode: 403, RequestID: 1, api error UnauthorizedOperation: You are not authorized to perform this operation":           {denied: true},
		"reading SSM Parameter (/p): operation error SSM: GetParameter, https response error StatusCode: 400, RequestID: 1, api error ThrottlingException: Rate exceeded":                                            {},
	} {
		err := errors.New(text)
		assert.Equal(t, want.missing, lookup.Missing(err), text)
		assert.Equal(t, want.denied, lookup.Denied(err), text)
	}
	assert.False(t, lookup.Missing(nil) || lookup.Denied(nil))
}
