package terraform_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/terraform"
)

func TestWhatIsNoStateIsRefusedWithWhatToDo(t *testing.T) {
	for content, says := range map[string]string{
		"":                                    "it is not JSON",
		"PK\x03\x04":                          "it is not JSON",
		`{"encrypted_data": "aGVsbG8="}`:      "it is encrypted: give what tofu state pull",
		`{"format_version": "1.0"}`:           "the output of show -json",
		`{"resources": []}`:                   "no version or no lineage",
		`{"version": 3, "lineage": "a"}`:      "it is of version 3, and version 4 is read: run tofu apply -refresh-only",
		`{"version": 4, "lineage": "a"}`:      "nothing is deployed",
		`{"version": "four", "lineage": "a"}`: "give what tofu state pull",
	} {
		_, err := terraform.Read("old.tfstate", []byte(content))
		assert.ErrorContains(t, err, "old.tfstate is not a state that can be read", content)
		assert.ErrorContains(t, err, says, content)
	}
}

func TestAStateOfSomethingElseIsRefused(t *testing.T) {
	for why, c := range map[string]struct {
		raw  []byte
		says string
	}{
		"of client machines":         {without(t, "template", "aws_eip_association", "aws_eip"), "the state of client machines"},
		"of another system":          {changed(t, "older", `"key_name": "lablink-key-prod"`, `"key_name": "somebody"`), "Its key pair is called somebody"},
		"of half a deployment":       {without(t, "template", "aws_instance", "aws_key_pair"), "one key pair in it, and there are 0"},
		"of an address that is gone": {without(t, "older", "aws_eip"), "its address eipalloc-0b1b2c3d4e5f60718 is not as LabLink's"},
		"of another kind of record":  {changed(t, "template", `"type": "A"`, `"type": "CNAME"`), "its record is of type CNAME"},
		"that goes round in circles": {changed(t, "older", `"aws_iam_role.lambda_exec"`, `"aws_cloudwatch_log_group.lambda_logs"`), "need each other"},
	} {
		s, err := terraform.Read("old.tfstate", c.raw)
		require.NoError(t, err, why)
		_, err = terraform.Make("moved", "/safe/backup.tfstate", s, terraform.Config{})
		assert.ErrorContains(t, err, c.says, why)
	}
}

func TestABackupIsACopyOfThisVeryState(t *testing.T) {
	read := func(raw []byte) *terraform.State {
		s, err := terraform.Read("old.tfstate", raw)
		require.NoError(t, err)
		return s
	}
	state := read(file(t, "template.tfstate"))
	require.NoError(t, state.BackedUpBy(read(without(t, "template"))), "written in another way, and the same")
	assert.ErrorContains(t, state.BackedUpBy(read(file(t, "older.tfstate"))), "of another deployment")
	assert.ErrorContains(t, state.BackedUpBy(read(changed(t, "template", `"serial": 42`, `"serial": 41`))), "Its serial is 41, the state's 42")
	assert.ErrorContains(t, state.BackedUpBy(read(changed(t, "template", `"172.31.16.9"`, `"172.31.16.8"`))), "not the same content")
}
