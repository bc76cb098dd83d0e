//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/doctor"
	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
)

func TestTheDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	root(t, "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	fake := fakeallocator.New()
	server := httptest.NewServer(fake) // it does not answer whether it is ready
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	var out bytes.Buffer
	err := execute(t.Context(), []string{"doctor", "--join=" + server.URL + "/#lbj_x", "--nvml=simulated:a100"}, &out)
	require.ErrorContains(t, err, "something wrong")
	assert.Regexp(t, `driver +ok +NVIDIA .*; GPUs: 1 \(.*NVIDIA A100`, out.String())
	assert.Regexp(t, `allocator +WRONG +it does not answer as an allocator does`, out.String())
	assert.Regexp(t, ` +fix +check the address`, out.String())

	out.Reset()
	require.Error(t, execute(t.Context(), []string{"doctor", "--json", "--join=http://127.0.0.1:1/#lbj_x", "--nvml=simulated:a100"}, &out))
	var found []doctor.Finding
	require.NoError(t, json.Unmarshal(out.Bytes(), &found))
	assert.Equal(t, "allocator", found[len(found)-1].Check)

	out.Reset()
	require.Error(t, execute(t.Context(), []string{"doctor", "--desktop=container", "--join=http://127.0.0.1:1/#lbj_x", "--nvml=simulated:a100"}, &out))
	assert.Regexp(t, `desktop +WRONG .*the image of the desktop is not here`, strings.ReplaceAll(out.String(), "\n", " "))
}
