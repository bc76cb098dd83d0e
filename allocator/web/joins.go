package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// downloadTime is how long the agent's program may take to be sent.
const downloadTime = 10 * time.Minute

// AgentFile is the agent's program of the release that runs.
type AgentFile struct {
	Body   io.ReadCloser
	Bytes  int64
	SHA256 string
}

func (s *server) joinToken(t allocator.JoinToken) api.JoinToken {
	return api.JoinToken{
		ID: t.ID, Name: t.Name, Workshop: t.WorkshopID, Uses: t.Uses, Used: t.Used, Refusal: t.Refusal(s.Service.Now()), By: t.By,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, RevokedAt: orNil(t.RevokedAt),
	}
}

// madeJoinToken is a join token with what a machine joins with. The secret is behind a
// #, so that a browser that is given it by mistake sends it nowhere.
func (s *server) madeJoinToken(r *http.Request, t allocator.JoinToken, secret string) api.MadeJoinToken {
	made := api.MadeJoinToken{JoinToken: s.joinToken(t), Secret: secret, URL: s.base(r) + "/#" + secret}
	ws, err := s.Service.Store.Workshop(r.Context(), t.WorkshopID)
	if err != nil { // the token is made, and shown this once
		s.Log.WarnContext(r.Context(), "which desktop the workshop's pool shows is not known", "workshop", t.WorkshopID, "error", err)
	}
	for _, p := range s.Deployed.Pools {
		if p.Name == ws.Pool {
			made.Desktop = p.Desktop
		}
	}
	return made
}

func (s *server) joinTokens(ctx context.Context, workshop string) ([]api.JoinToken, error) {
	all, err := s.Service.Store.JoinTokens(ctx, workshop)
	out := []api.JoinToken{}
	for _, t := range all {
		out = append(out, s.joinToken(t))
	}
	return out, err
}

// joinOperations are for machines of one's own.
func (s *server) joinOperations(a huma.API) {
	staff(s, a, "list-join-tokens", http.MethodGet, "/api/v1/join-tokens", "List the tokens by which machines of one's own join, newest first", 0,
		func(ctx context.Context, _ string, in *struct {
			Workshop string `query:"workshop" maxLength:"64" doc:"Only those of this workshop"`
		},
		) (*body[api.Page[api.JoinToken]], error) {
			all, err := s.joinTokens(ctx, in.Workshop)
			return &body[api.Page[api.JoinToken]]{api.Page[api.JoinToken]{Items: all}}, err
		})
	staff(s, a, "make-join-token", http.MethodPost, "/api/v1/join-tokens", "Make a join token; its secret is in this answer and nowhere else", http.StatusCreated,
		func(ctx context.Context, user string, in *struct {
			requestInput
			Body api.NewJoinToken
		},
		) (*body[api.MadeJoinToken], error) {
			t, secret, err := s.Service.AddJoinToken(ctx, user, in.Body)
			if err != nil {
				return nil, err
			}
			return &body[api.MadeJoinToken]{s.madeJoinToken(in.request, t, secret)}, nil
		})
	staff(s, a, "revoke-join-token", http.MethodDelete, "/api/v1/join-tokens/{id}", "Revoke a join token; machines that have joined stay", http.StatusNoContent,
		func(ctx context.Context, user string, in *idInput) (*struct{}, error) {
			return nil, s.Service.RevokeJoinToken(ctx, user, in.ID)
		})
}

func (s *server) routeJoins(mux *routes) {
	mux.HandleFunc("GET /download/lablink-agent", s.download)
	s.routeJoinPage(mux)
}

// platforms are those that there is an agent for, by their names in the address.
var platforms = map[string]string{"": "linux/amd64", "amd64": "linux/amd64", "arm64": "linux/arm64"}

// download gives the agent's program to who is logged in, and to who shows a join token
// that is good.
func (s *server) download(w http.ResponseWriter, r *http.Request) {
	if err := s.mayDownload(r); err != nil {
		s.fail(w, r, err)
		return
	}
	platform, known := platforms[r.URL.Query().Get("arch")]
	if !known || s.Agent == nil {
		s.fail(w, r, api.Problemf(api.NotFound, "There is no such program", "There is one for arch=amd64 and one for arch=arm64, where the allocator runs a release."))
		return
	}
	file, err := s.Agent(r.Context(), platform)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer file.Body.Close()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(downloadTime)) // tests' recorders have none
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="lablink-agent"`)
	h.Set("Content-Length", strconv.FormatInt(file.Bytes, 10))
	h.Set("X-Checksum-Sha256", file.SHA256)
	if _, err := io.Copy(w, file.Body); err != nil {
		s.Log.WarnContext(r.Context(), "the agent's program was not sent as a whole", "error", err)
	}
}

func (s *server) mayDownload(r *http.Request) error {
	if secret := bearer(r.Header.Get("Authorization")); allocator.IsJoinToken(secret) {
		if err := s.Service.MayJoin(r.Context(), secret); err != nil {
			return err
		}
		return s.bounds.downloaded(keyOf(secret))
	}
	p, err := who(r.Context())
	if err == nil && p.Name == "" {
		err = api.Problemf(api.Unauthorized, "Log in first", "Or show a join token: %s", fmt.Sprintf("curl -H 'Authorization: Bearer lbj_…' -o lablink-agent %s/download/lablink-agent", s.base(r)))
	}
	if err == nil {
		err = s.bounds.downloaded(p.Name)
	}
	return err
}
