package wire_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestTheSecretOfADatabaseIsReadByWhoMay(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateDBSubnetGroup(&cloud.DBSubnetGroup{Name: "two", SubnetIDs: w.subnet[:]}))
	require.NoError(t, w.CreateDBParameterGroup(&cloud.DBParameterGroup{Name: "tls", Family: "postgres17"}))
	d := &cloud.DBInstance{
		Identifier: "db", InstanceClass: "db.t4g.micro", Engine: "postgres", EngineVersion: "17", AllocatedStorage: 20, StorageType: "gp3",
		Username: "lablink", ManageMasterUserPassword: true, DBSubnetGroupName: "two", ParameterGroupName: "tls", SkipFinalSnapshot: true,
	}
	require.NoError(t, w.CreateDBInstance(d))
	arn := d.MasterUserSecrets[0].SecretARN
	read := func(c aws.Config, arn string) (*secretsmanager.GetSecretValueOutput, error) {
		return secretsmanager.NewFromConfig(c).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn})
	}
	out, err := read(w.developer(), arn)
	require.NoError(t, err)
	require.Regexp(t, `^{"password":"[0-9a-f]{32}","username":"lablink"}$`, *out.SecretString)
	_, err = read(w.developer(), arn+"x")
	require.Equal(t, "ResourceNotFoundException", code(t, err))
	_, c := w.machine(t)
	_, err = read(w.config(c.AccessKey, c.Secret, c.Token), arn)
	require.Equal(t, "AccessDeniedException", code(t, err))
	_, err = secretsmanager.NewFromConfig(w.developer()).DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &arn})
	require.Equal(t, "UnknownOperationException", code(t, err))
}
