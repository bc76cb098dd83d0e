package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
)

// part is in the environment of the processes that this program starts of itself.
const part = "LABLINK_LOAD_PART"

// parts are what such a process does: it reads what it is, and then carries out one
// order after the other.
var parts = map[string]func(ctx context.Context, in *json.Decoder, out *json.Encoder) error{
	"agents":  beAgents,
	"people":  bePeople,
	"desktop": beDesktop,
}

func TestMain(m *testing.M) {
	if be, ok := parts[os.Getenv(part)]; ok {
		err := be(context.Background(), json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout))
		if err != nil && !errors.Is(err, io.EOF) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := pgtest.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		code = 1
	}
	os.Exit(code)
}
