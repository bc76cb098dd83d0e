package program_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const password = "correct horse battery staple"

func TestThePasswordIsASecretWhereverItIs(t *testing.T) {
	for _, stack := range []string{"local", "test", "prod"} {
		recorded := stackOf(t, stack).set(map[string]string{"lablink:adminPassword": password}).record(t)
		parameter := recorded.Named("admin-password")
		assert.Equal(t, password, parameter.Text("value"))
		assert.True(t, parameter.Secret("value"), stack)
		assert.Equal(t, "SecureString", parameter.Text("type"))
		assert.Equal(t, "/lablink/lablink/"+stack+"/secret/admin-password", parameter.Text("name"))
		assert.Equal(t, recording.Output{Value: password, Secret: true}, recorded.Outputs["initialAdminPassword"])

		for _, r := range recorded.Records {
			assertHidden(t, stack+" "+r.Name, resource.NewProperty(r.Inputs))
		}
		for name, o := range recorded.Outputs {
			if !o.Secret {
				assert.NotContains(t, fmt.Sprint(o.Value), password, "output %s of %s", name, stack)
			}
		}
	}
}

// Who looks for drift may read no secret: lablink drift and lablink preview, and the
// command that docs/deploying.md gives, leave out every parameter that holds one.
func TestTheCommandThatLooksForDriftReadsNoSecret(t *testing.T) {
	source, err := os.ReadFile("../../cli/stack/preview.go")
	require.NoError(t, err)
	_, unreadable, found := strings.Cut(string(source), "\nvar unreadable = []string{")
	require.True(t, found)
	unreadable, _, _ = strings.Cut(unreadable, "}\n")
	raw, err := os.ReadFile("../../docs/deploying.md")
	require.NoError(t, err)
	_, command, found := strings.Cut(string(raw), "\npulumi refresh -s test ")
	require.True(t, found)
	command, _, _ = strings.Cut(command, "\n")
	all := map[string]*recording.Recording{"behind Cloudflare": behindCloudflare(t, "prod").record(t)}
	for _, stack := range stacks {
		all[stack] = stackOf(t, stack).record(t)
	}
	for _, name := range templates(t) {
		all[name], err = templateOf(t, name).do(recording.Preview)
		require.NoError(t, err)
	}
	secrets := map[string]bool{}
	for what, recorded := range all {
		for _, p := range recorded.Of("aws:ssm/parameter:Parameter") {
			if strings.Contains(p.Text("name"), "/secret/") {
				secrets[p.Name] = true
				assert.Contains(t, command, "--exclude '**::"+p.Name+"'", "%s of %s", p.Name, what)
				assert.Contains(t, unreadable, `"`+p.Name+`"`, "%s of %s", p.Name, what)
			}
		}
	}
	assert.Len(t, secrets, strings.Count(command, "--exclude"), "and nothing else")
	assert.Len(t, secrets, strings.Count(unreadable, `"`)/2, "and nothing else")
}

// assertHidden looks for the password in all that is not marked secret, and in
// what is base64 there.
func assertHidden(t *testing.T, where string, v resource.PropertyValue) {
	t.Helper()
	switch {
	case v.IsString():
		text := v.StringValue()
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			text += string(decoded)
		}
		assert.NotContains(t, text, password, where)
	case v.IsArray():
		for i, e := range v.ArrayValue() {
			assertHidden(t, fmt.Sprintf("%s[%d]", where, i), e)
		}
	case v.IsObject():
		for key, e := range v.ObjectValue() {
			assertHidden(t, where+"."+string(key), e)
		}
	}
}

func TestAPasswordInPlainTextIsRefused(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{"lablink:adminPassword": password})
	recorded, err := r.do(recording.Secrets("lablink:other"))
	require.ErrorContains(t, err, "Pulumi.test.yaml has 1 problem; nothing was deployed:\n  lablink:adminPassword is in plain text")
	assert.ErrorContains(t, err, "pulumi config set --secret lablink:adminPassword")
	assert.NotContains(t, err.Error(), password)
	assert.Empty(t, recorded.Names())
	assert.Empty(t, recorded.Calls, "AWS is not asked")
}

func TestAPasswordThatIsMadeUpIsStrongAndMadeOnce(t *testing.T) {
	first, second := stackOf(t, "prod").record(t).Named("admin-password"), stackOf(t, "prod").record(t).Named("admin-password")
	assert.Regexp(t, `^[A-Z2-7]{52}$`, first.Text("value"), "260 bits; one that begins with a dash is a flag to a command line")
	assert.NotEqual(t, first.Text("value"), second.Text("value"))
	assert.True(t, first.Secret("value"))
	assert.Equal(t, []string{"value"}, first.IgnoreChanges, "another run makes up another one, which is not wanted")

	set := stackOf(t, "prod").set(map[string]string{"lablink:adminPassword": password}).record(t)
	assert.Empty(t, set.Named("admin-password").IgnoreChanges, "one that is set is changed by setting another")
}

func TestTheHostStartsWhenItsReleaseAndItsPasswordAreThere(t *testing.T) {
	instance := stackOf(t, "test").record(t).Named("host-instance")
	for _, name := range []string{"release-pointer", "admin-password", "host-permissions"} {
		assert.Contains(t, instance.DependsOn, name)
	}
	assert.NotContains(t, strings.Join(instance.DependsOn, " "), "dns-record")
}
