package stack

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestALookForDriftLeavesSecretsOut(t *testing.T) {
	named := func(name string) resource {
		return resource{URN: "urn:pulumi:test::lablink::aws:ssm/parameter:Parameter::" + name}
	}
	for _, c := range []struct {
		there []resource
		want  []string
	}{
		{nil, nil},
		{[]resource{named("network-vpc")}, []string{"--refresh"}},
		{[]resource{named("admin-password"), named("network-vpc")}, []string{"--refresh", "--exclude", "**::admin-password"}},
		{[]resource{named("origin-key"), named("admin-password")}, []string{"--refresh", "--exclude", "**::admin-password", "--exclude", "**::origin-key"}},
	} {
		assert.Equal(t, c.want, looking(c.there))
	}
}
