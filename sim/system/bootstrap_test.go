package system

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// command is a command under the engine's variables, without those that choose a
// backend: as an engineer has them who works on AWS.
func (e *engine) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = e.root, environment()
	for _, v := range e.Variables() {
		if v.Name != "PULUMI_BACKEND_URL" && v.Name != "PULUMI_CONFIG_PASSPHRASE" {
			cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
		}
	}
	return cmd
}

// says runs a command that must work.
func says(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	t.Logf("%s\n%s", strings.Join(cmd.Args, " "), out)
	require.NoError(t, err)
	return string(out)
}

// written are the objects of the state bucket, by key, with their sums.
func (e *engine) written(t *testing.T) map[string]string {
	t.Helper()
	client := s3.New(s3.Options{
		Region: "us-west-2", BaseEndpoint: aws.String(e.account.URL), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
	})
	list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("lablink-state-account-123456789012-us-west-2")})
	require.NoError(t, err)
	out := map[string]string{}
	for _, o := range list.Contents {
		out[*o.Key] = *o.ETag
	}
	return out
}

// lablink is the operator's command.
func (e *engine) lablink() string { return filepath.Join(e.root, ".lablink", "bin", "lablink") }

// keepFiles gives files of the copy back as they are.
func (e *engine) keepFiles(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		file := filepath.Join(e.root, name)
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, os.WriteFile(file, raw, 0o644)) })
	}
}

func TestAnAccountBootstrapsItselfHoweverOftenItIsCutShort(t *testing.T) {
	e := start(t)
	e.keepFiles(t, "Pulumi.yaml", "Pulumi.account.yaml")
	for _, cut := range []string{"+  aws:s3:BucketV2", "• Moving the state", "• Looking whether"} {
		e.cut(t, cut)
	}
	said := says(t, e.command(t, e.lablink(), "bootstrap"))
	require.Contains(t, said, "• Done")
	require.NoDirExists(t, filepath.Join(e.root, ".lablink", "bootstrap"), "there are two states")

	// Plain pulumi works on the bucket, and finds nothing to change.
	says(t, e.command(t, "bash", "-ec", "pulumi preview --stack account --expect-no-changes --non-interactive"))
	out := says(t, e.command(t, "bash", "-ec", "pulumi stack output --stack account stateBucket"))
	require.Contains(t, out, "lablink-state-account-123456789012-us-west-2")
	settings, err := os.ReadFile(filepath.Join(e.root, "Pulumi.account.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(settings), "secretsprovider: awskms:///arn:aws:kms:us-west-2:123456789012:key/")
	require.Contains(t, string(settings), "# What an AWS account has once", "comments stay")

	before := e.written(t)
	require.Contains(t, before, ".pulumi/stacks/lablink/account.json")
	said = says(t, e.command(t, e.lablink(), "bootstrap"))
	require.Contains(t, said, "Nothing to do")
	require.Equal(t, before, e.written(t), "a second bootstrap writes nothing")
}

func TestWithoutCredentialsABootstrapSaysSo(t *testing.T) {
	e := start(t)
	cmd := e.command(t, e.lablink(), "bootstrap")
	cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool {
		return strings.HasPrefix(v, "AWS_ACCESS_KEY_ID=") || strings.HasPrefix(v, "AWS_SECRET_ACCESS_KEY=")
	})
	cmd.Env = append(cmd.Env, "AWS_EC2_METADATA_DISABLED=true", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "there are no AWS credentials here")
	require.Contains(t, string(out), "AWS_PROFILE")
	require.NoDirExists(t, filepath.Join(e.root, ".lablink", "bootstrap"))
}

// cut runs a bootstrap and kills it, pulumi included, as soon as a line begins so.
func (e *engine) cut(t *testing.T, at string) {
	t.Helper()
	cmd := e.command(t, e.lablink(), "bootstrap")
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		_ = write.Close()
	}()
	var said bytes.Buffer
	reached := false
	for lines := bufio.NewScanner(read); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if !reached && strings.Contains(strings.Join(strings.Fields(lines.Text()), " "), strings.Join(strings.Fields(at), " ")) {
			reached = true
			for _, pid := range childrenOf(t, cmd.Process.Pid) {
				_ = syscall.Kill(-pid, syscall.SIGKILL)
			}
			_ = cmd.Process.Kill()
		}
	}
	err := <-ended
	t.Logf("a bootstrap that is killed at %q\n%s", at, &said)
	require.True(t, reached, "it never came to %q", at)
	require.Error(t, err)
}

// childrenOf are the processes that a process started.
func childrenOf(t *testing.T, parent int) []int {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	var out []int
	for _, name := range found {
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(raw), ") ")
		var state string
		var ppid int
		if _, err := fmt.Sscan(rest, &state, &ppid); err == nil && ppid == parent {
			pid, err := strconv.Atoi(strings.Split(name, "/")[2])
			require.NoError(t, err)
			out = append(out, pid)
		}
	}
	return out
}
