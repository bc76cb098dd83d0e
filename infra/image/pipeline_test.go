package image_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

var lab = naming.Namer{Deployment: "lablink", Environment: "account", AccountID: "123456789012", Region: "us-west-2"}

func baked() *image.PipelineArgs {
	return &image.PipelineArgs{
		Namer: lab, Pipeline: "gpu", Parent: image.Image{ID: "ami-22222222", RootDevice: "/dev/sda1"},
		InstanceTypes: []string{"g5.xlarge"}, RootVolumeGiB: 100, Bucket: pulumi.String("the-bucket"),
		Boundary: pulumi.String("arn:aws:iam::123456789012:policy/boundary"),
	}
}

func declare(args *image.PipelineArgs) (*recording.Recording, error) {
	return recording.Run("account", recording.Account{}, func(ctx *pulumi.Context) error {
		_, err := image.NewPipeline(ctx, "image-gpu", args)
		return err
	})
}

func declared(t *testing.T, args *image.PipelineArgs) *recording.Recording {
	t.Helper()
	r, err := declare(args)
	require.NoError(t, err)
	return r
}

func TestAPipelineBuildsOnItsParentAndIsFoundByItsImages(t *testing.T) {
	r := declared(t, baked())
	for name, want := range map[string]map[string]any{
		"image-gpu-recipe": {
			"parentImage": "ami-22222222", "blockDeviceMappings[0].deviceName": "/dev/sda1", "blockDeviceMappings[0].ebs.volumeSize": 100.0,
			"blockDeviceMappings[0].ebs.encrypted": "true",
		},
		"image-gpu-infrastructure": {
			"instanceTypes": []any{"g5.xlarge"}, "instanceMetadataOptions.httpTokens": "required", "instanceMetadataOptions.httpPutResponseHopLimit": 1.0,
			"logging.s3Logs.s3BucketName": "the-bucket", "terminateInstanceOnFailure": true, "instanceProfileName": "lablink-image-gpu-account-us-west-2",
		},
		"image-gpu-distribution": {
			"distributions[0].region": "us-west-2", "distributions[0].amiDistributionConfiguration.name": "lablink-image-gpu-account-{{ imagebuilder:buildDate }}",
			`distributions[0].amiDistributionConfiguration.amiTags["lablink:pipeline"]`: "gpu",
		},
		"image-gpu-pipeline": {"name": "lablink-image-gpu-account", "imageTestsConfiguration.imageTestsEnabled": true, "schedule": nil},
	} {
		for path, value := range want {
			assert.Equal(t, value, r.Named(name).Get(path), "%s %s", name, path)
		}
	}
	assert.Empty(t, r.Of("aws:imagebuilder/image:Image"), "that would wait for a build")
}

// AWS deletes what an image was built from only after the image, and takes the
// name of a version once.
func TestWhatAnImageWasBuiltFromStaysAndTakesNoName(t *testing.T) {
	r := declared(t, baked())
	for _, part := range []string{"component", "recipe", "infrastructure", "distribution"} {
		assert.True(t, r.Named("image-gpu-"+part).RetainOnDelete, part)
		assert.Nil(t, r.Named("image-gpu-"+part).Get("name"), part)
	}
	assert.False(t, r.Named("image-gpu-pipeline").RetainOnDelete)
}

func TestVersionsFollowTheContent(t *testing.T) {
	version := func(part string, change func(*image.PipelineArgs)) string {
		args := baked()
		change(args)
		return declared(t, args).Named("image-gpu-" + part).Text("version")
	}
	same := func(*image.PipelineArgs) {}
	component, recipe := version("component", same), version("recipe", same)
	assert.Regexp(t, `^1\.[0-9]{1,9}\.[0-9]{1,9}$`, component)
	assert.NotEqual(t, component, recipe)
	for why, change := range map[string]func(*image.PipelineArgs){
		"nothing": same, "another type": func(a *image.PipelineArgs) { a.InstanceTypes = []string{"g6.xlarge"} },
		"another bucket": func(a *image.PipelineArgs) { a.Bucket = pulumi.String("other") },
	} {
		assert.Equal(t, component, version("component", change), why)
		assert.Equal(t, recipe, version("recipe", change), why)
	}
	for why, change := range map[string]func(*image.PipelineArgs){
		"another parent": func(a *image.PipelineArgs) { a.Parent.ID = "ami-33333333" }, "a larger disk": func(a *image.PipelineArgs) { a.RootVolumeGiB = 101 },
	} {
		assert.Equal(t, component, version("component", change), why)
		assert.NotEqual(t, recipe, version("recipe", change), why)
	}
}

func TestAnIncompletePipelineIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for what, spoil := range map[string]func(*image.PipelineArgs){
		"Pipeline": func(a *image.PipelineArgs) { a.Pipeline = "" }, "Parent": func(a *image.PipelineArgs) { a.Parent.RootDevice = "" },
		"InstanceTypes": func(a *image.PipelineArgs) { a.InstanceTypes = nil }, "Bucket": func(a *image.PipelineArgs) { a.Bucket = nil },
		"RootVolumeGiB": func(a *image.PipelineArgs) { a.RootVolumeGiB = 0 }, "Boundary": func(a *image.PipelineArgs) { a.Boundary = nil },
	} {
		args := baked()
		spoil(args)
		r, err := declare(args)
		assert.ErrorContains(t, err, what)
		assert.Empty(t, r.Names(), what)
	}
}

func TestAnInstanceThatBuildsMayDoThatAndNoMore(t *testing.T) {
	const component = "arn:aws:imagebuilder:us-west-2:123456789012:component/image-gpu-component-1a2b3c4/1.2.3/1"
	text, err := image.Permissions(lab, "the-bucket", component).JSON()
	require.NoError(t, err)
	d, err := iam.Parse(text, iam.Identity)
	require.NoError(t, err)
	for _, c := range []struct {
		why, action, resource string
		want                  iam.Decision
	}{
		{"commands", "ssmmessages:OpenDataChannel", "*", iam.Allowed},
		{"older commands", "ec2messages:GetMessages", "*", iam.Allowed},
		{"saying that it is there", "ssm:UpdateInstanceInformation", "arn:aws:ec2:us-west-2:123456789012:instance/i-1", iam.Allowed},
		{"sending commands", "ssm:SendCommand", "arn:aws:ec2:us-west-2:123456789012:instance/i-2", iam.Implicit},
		{"a parameter", "ssm:GetParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/prod/secret/admin-password", iam.Implicit},
		{"its component", "imagebuilder:GetComponent", component, iam.Allowed},
		{"another component", "imagebuilder:GetComponent", strings.Replace(component, "gpu", "other", 1), iam.Implicit},
		{"what runs the component", "s3:GetObject", "arn:aws:s3:::ec2imagebuilder-toe-us-west-2-prod/latest/linux/amd64/awstoe", iam.Allowed},
		{"its logs", "s3:PutObject", "arn:aws:s3:::the-bucket/image-builder/x.log", iam.Allowed},
		{"a release", "s3:PutObject", "arn:aws:s3:::the-bucket/releases/x.json", iam.Implicit},
		{"reading logs", "s3:GetObject", "arn:aws:s3:::the-bucket/image-builder/x.log", iam.Implicit},
		{"log lines", "logs:PutLogEvents", "arn:aws:logs:us-west-2:123456789012:log-group:/aws/imagebuilder/gpu", iam.Allowed},
		{"others' log lines", "logs:PutLogEvents", "arn:aws:logs:us-west-2:123456789012:log-group:/other", iam.Implicit},
	} {
		assert.Equal(t, c.want, iam.Evaluate(iam.Request{Action: c.action, Resource: c.resource}, d), c.why)
	}
}

// steps are the commands of a phase of the component, by the name of the step.
func steps(t *testing.T, phase string) map[string]string {
	t.Helper()
	var document struct {
		Phases []struct {
			Name  string
			Steps []struct {
				Name   string
				Inputs struct{ Commands []string }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(declared(t, baked()).Named("image-gpu-component").Text("data")), &document))
	out := map[string]string{}
	for _, p := range document.Phases {
		for _, s := range p.Steps {
			if p.Name == phase {
				out[s.Name] = strings.Join(s.Inputs.Commands, "\n")
			}
		}
	}
	return out
}

func TestTheComponentsTestNoticesWhatAnImageLacks(t *testing.T) {
	tools := map[string]string{
		"ip": "exit 0", "useradd": "exit 0", "docker": "exit 0", "systemctl": "exit 0", "curl": "echo 'curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0'",
		"nvidia-smi": "echo 'NVIDIA A10G, 550.90.07'",
	}
	for _, c := range []struct{ why, step, tool, script, says string }{
		{"all is there", "Tools", "", "", ""},
		{"a GPU", "Gpu", "", "", ""},
		{"an old curl", "Tools", "curl", "echo 'curl 7.81.0 (x86_64-pc-linux-gnu)'", "the image's curl is 7.81.0, the first boot needs 7.87 or newer"},
		{"a curl that says nothing", "Tools", "curl", "exit 0", "of no known version"},
		{"no containers", "Tools", "docker", "", "the image has no docker"},
		{"nothing that makes users", "Tools", "useradd", "", "the image has no useradd"},
		{"no GPU", "Gpu", "nvidia-smi", "exit 0", "the driver finds no GPU"},
		{"a driver that fails", "Gpu", "nvidia-smi", "echo 'NVIDIA-SMI has failed' >&2; exit 9", "NVIDIA-SMI has failed"},
	} {
		t.Run(c.why, func(t *testing.T) {
			dir := t.TempDir()
			for _, real := range []string{"bash", "grep", "sed", "sha256sum", "sort", "head"} {
				path, err := exec.LookPath(real)
				require.NoError(t, err)
				require.NoError(t, os.Symlink(path, filepath.Join(dir, real)))
			}
			for tool, script := range tools {
				if tool == c.tool {
					script = c.script
				}
				if script != "" {
					require.NoError(t, os.WriteFile(filepath.Join(dir, tool), []byte("#!"+filepath.Join(dir, "bash")+"\n"+script+"\n"), 0o755))
				}
			}
			script, ok := steps(t, "test")[c.step]
			require.True(t, ok)
			cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "bash"), "-c", script)
			cmd.Env = []string{"PATH=" + dir}
			out, err := cmd.CombinedOutput()
			if c.says == "" {
				require.NoError(t, err, "%s", out)
				return
			}
			require.Error(t, err)
			assert.Contains(t, string(out), c.says)
		})
	}
}

func TestTheComponentsScriptsAreBash(t *testing.T) {
	for _, phase := range []string{"build", "test"} {
		found := steps(t, phase)
		require.Len(t, found, 2, phase)
		for name, script := range found {
			out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", script).CombinedOutput()
			assert.NoError(t, err, "%s: %s", name, out)
		}
	}
}
