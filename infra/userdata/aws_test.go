package userdata

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// What instance metadata hands out; none of it may be seen by others.
const (
	metadataToken = "IMDS-TOKEN-SECRET=="
	accessKey     = "ASIAEXAMPLE"
	secretKey     = "role/SECRET+KEY"
	sessionToken  = "SESSION/TOKEN+SECRET=="
)

// amazon plays instance metadata, SSM and S3.
type amazon struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	pointer string
	objects map[string]string // by key
	// faults are answered once each instead of the truth, by method and path.
	faults map[string][]fault
}

// fault is a wrong answer.
type fault struct {
	status int
	body   string
}

// newAmazon has one release, whose binary is a script that tells its arguments.
func newAmazon(t *testing.T) *amazon {
	a := &amazon{t: t, objects: map[string]string{}, faults: map[string][]fault{}}
	files := map[string]release.File{}
	for _, arch := range []string{"amd64", "arm64"} {
		program := "#!/bin/bash\nprintf '%s\\n' " + arch + " \"$@\" >\"$LABLINK_ROOT/ran\"\n"
		platform := "linux/" + arch
		sum := release.Sum([]byte(program))
		files[platform] = release.File{Key: release.ArtifactKey("lablink-allocator", platform, sum), SHA256: sum, Bytes: int64(len(program))}
		a.objects[files[platform].Key] = program
	}
	a.publish(release.Manifest{
		Version: "source-0123456789ab", Protocol: 1, CreatedAt: time.Unix(0, 0).UTC(), Allocator: files,
		Agent:    map[string]release.File{"linux/amd64": {Key: "agent", SHA256: release.Sum(nil)}, "linux/arm64": {Key: "agent", SHA256: release.Sum(nil)}},
		Settings: release.File{Key: "settings/x.json", SHA256: release.Sum(nil)},
	})
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// publish keeps a manifest and points at it.
func (a *amazon) publish(m release.Manifest) {
	raw, sum, err := m.Encode()
	require.NoError(a.t, err)
	a.pointer = sum
	a.objects[release.Key(sum)] = string(raw)
}

// program keeps another program.
func (a *amazon) program(name, text string) release.File {
	f := release.File{Key: "artifacts/" + name, SHA256: release.Sum([]byte(text)), Bytes: int64(len(text))}
	a.objects[f.Key] = text
	return f
}

// binary is the key of the binary for this computer.
func (a *amazon) binary() string {
	for key := range a.objects {
		if strings.HasSuffix(key, "lablink-allocator-linux/"+runtime.GOARCH) {
			return key
		}
	}
	return ""
}

// fail answers the next requests for a path wrongly.
func (a *amazon) fail(methodAndPath string, f ...fault) { a.faults[methodAndPath] = f }

// point sets the pointer.
func (a *amazon) point(sum string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pointer = sum
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := r.Method + " " + r.URL.Path
	if faults := a.faults[at]; len(faults) > 0 {
		a.faults[at] = faults[1:]
		w.WriteHeader(faults[0].status)
		_, _ = io.WriteString(w, faults[0].body)
		return
	}
	status, body := a.answer(r)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

const credentials = "/latest/meta-data/iam/security-credentials/"

func (a *amazon) answer(r *http.Request) (int, string) {
	switch {
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
		if r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") == "" {
			return 400, "no time to live"
		}
		return 200, metadataToken
	case strings.HasPrefix(r.URL.Path, "/latest/"):
		if r.Header.Get("X-aws-ec2-metadata-token") != metadataToken {
			return 401, "metadata of version 2 only"
		}
		if r.URL.Path == credentials {
			return 200, "the-role"
		}
		return 200, fmt.Sprintf("{\n  \"Code\" : \"Success\",\n  \"AccessKeyId\" : %q,\n  \"SecretAccessKey\" : %q,\n  \"Token\" : %q\n}", accessKey, secretKey, sessionToken)
	case !signed(r):
		return 403, "AccessDenied"
	case r.Header.Get("X-Amz-Target") == "AmazonSSM.GetParameter":
		return 200, fmt.Sprintf(`{"Parameter":{"Name":"/lablink/lablink/test/release","Type":"String","Value":%q,"Version":3}}`, a.pointer)
	}
	body, ok := a.objects[strings.TrimPrefix(r.URL.Path, "/the-bucket/")]
	if !ok {
		return 404, "NoSuchKey"
	}
	return 200, body
}

// signed reports whether a request is signed with the role's credentials for
// the service that it is for.
func signed(r *http.Request) bool {
	service := "s3"
	if r.Method == http.MethodPost {
		service = "ssm"
	}
	authorization := r.Header.Get("Authorization")
	return strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 Credential="+accessKey+"/") &&
		strings.Contains(authorization, "/us-west-2/"+service+"/aws4_request") &&
		strings.Contains(authorization, "x-amz-security-token") && r.Header.Get("X-Amz-Security-Token") == sessionToken
}
