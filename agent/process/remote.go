package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// An agent without rights has commands run by whoever has them: it asks with asked at a
// socket, and reads a said for each line, the last of which says how it ended.
type (
	asked struct {
		Args    []string `json:"args"`
		Env     []string `json:"env,omitempty"`
		Input   string   `json:"input,omitempty"`
		Root    bool     `json:"root,omitempty"`
		Seconds float64  `json:"seconds"`
	}
	said struct {
		Line  string  `json:"line,omitempty"`
		Ended bool    `json:"ended,omitempty"`
		Error *string `json:"error,omitempty"`
	}
)

// maxAsked bounds what is asked with: a script of 100 KiB, each byte of which may take six.
const maxAsked = 1 << 20

// Handler answers POST requests by running commands.
func Handler(r agent.Runner) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var in asked
		err := json.NewDecoder(http.MaxBytesReader(w, req.Body, maxAsked)).Decode(&in)
		c := agent.Command{Args: in.Args, Env: in.Env, Input: in.Input, Root: in.Root, Limit: time.Duration(in.Seconds * float64(time.Second))}
		if err == nil && (len(c.Args) == 0 || c.Limit <= 0) {
			err = errors.New("it names no program, or no time")
		}
		if err != nil {
			api.Problemf(api.Invalid, "The command cannot be understood", "%s.", err).Answer(w)
			return
		}
		tell := teller(w)
		end := said{Ended: true}
		if err := r.Run(req.Context(), c, func(line string) { tell(said{Line: line}) }); err != nil {
			why := err.Error()
			end.Error = &why
		}
		tell(end)
	})
}

// teller sends each at once.
func teller(w http.ResponseWriter) func(said) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	return func(s said) {
		_ = out.Encode(s) // fails only when nobody listens any more, which ends the command
		_ = flush.Flush()
	}
}

// Remote is agent.Runner by a Handler.
type Remote struct {
	// URL is where it is, and HTTP reaches it.
	URL  string
	HTTP *http.Client
}

var _ agent.Runner = Remote{}

// Run has a command run there. It is killed there when ctx ends, or when this program does.
func (r Remote) Run(ctx context.Context, c agent.Command, line func(string)) error {
	in, err := json.Marshal(asked{c.Args, c.Env, c.Input, c.Root, c.Limit.Seconds()})
	if err != nil {
		return fmt.Errorf("ask for a command to be run: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(in))
	if err != nil {
		return fmt.Errorf("ask for a command to be run: %w", err)
	}
	res, err := r.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("it cannot be run: %w", err)
	}
	defer res.Body.Close()
	from := json.NewDecoder(res.Body)
	if res.StatusCode != http.StatusOK {
		p := &api.Problem{}
		if err := from.Decode(p); err != nil || p.Code == "" {
			return fmt.Errorf("it cannot be run: %s", res.Status)
		}
		return p
	}
	return follow(from, line)
}

// follow reads until the command has ended.
func follow(from *json.Decoder, line func(string)) error {
	for {
		var s said
		switch err := from.Decode(&s); {
		case err != nil:
			return fmt.Errorf("it was cut short: %w", err)
		case !s.Ended:
			line(s.Line)
		case s.Error != nil:
			return errors.New(*s.Error)
		default:
			return nil
		}
	}
}
