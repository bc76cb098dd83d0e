package quota_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/api/quota"
)

func TestATypeIsCountedByItsFamily(t *testing.T) {
	for kind, want := range map[string]string{
		"g5.xlarge": "G and VT", "g4dn.xlarge": "G and VT", "g6e.2xlarge": "G and VT", "gr6.4xlarge": "G and VT", "vt1.3xlarge": "G and VT",
		"p4d.24xlarge": "P", "t4g.small": "standard", "m7g.large": "standard", "im4gn.large": "standard",
	} {
		c := quota.ClassOf(kind)
		if assert.NotNil(t, c, kind) {
			assert.Equal(t, want, c.Name, kind)
		}
	}
	for _, none := range []string{"", "5", "inf2.xlarge", "x2gd.medium", "xlarge"} {
		assert.Nil(t, quota.ClassOf(none), none)
	}
}
