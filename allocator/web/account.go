package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func toToken(t allocator.APIToken) api.Token {
	return api.Token{ID: t.ID, Name: t.Name, Role: string(t.Role), CreatedAt: t.CreatedAt, ExpiresAt: orNil(t.ExpiresAt), UsedAt: orNil(t.UsedAt)}
}

// accountOperations are what everybody of staff does with their own password and
// tokens.
func (s *server) accountOperations(a huma.API) {
	staff(s, a, "who-am-i", http.MethodGet, "/api/v1/users/current", "Who asks, and with which role", 0,
		func(ctx context.Context, _ string, _ *struct{}) (*body[api.User], error) {
			p, err := who(ctx)
			if err != nil {
				return nil, err
			}
			u, err := s.Service.Store.User(ctx, p.Name)
			u.Role = p.Role // a token may have a lesser one
			return &body[api.User]{toUser(u)}, err
		})
	staff(s, a, "change-password", http.MethodPut, "/api/v1/users/current/password", "Change one's own password; all tokens and other sessions end", http.StatusNoContent,
		func(ctx context.Context, _ string, in *struct {
			requestInput
			Body api.PasswordChange
		},
		) (*struct{}, error) {
			return nil, s.changePassword(ctx, in.Body, remote(in.request))
		})
	staff(s, a, "list-tokens", http.MethodGet, "/api/v1/tokens", "List one's own tokens, newest first", 0,
		func(ctx context.Context, _ string, _ *struct{}) (*body[api.Page[api.Token]], error) {
			p, err := who(ctx)
			if err != nil {
				return nil, err
			}
			return s.tokens(ctx, p.Name)
		})
	staff(s, a, "make-token", http.MethodPost, "/api/v1/tokens", "Make a token; its secret is in this answer and nowhere else", http.StatusCreated,
		func(ctx context.Context, _ string, in *body[api.NewToken]) (*body[api.MadeToken], error) {
			p, err := who(ctx)
			if err != nil {
				return nil, err
			}
			t, secret, err := s.Guard.NewToken(ctx, p, in.Body)
			return &body[api.MadeToken]{api.MadeToken{Token: toToken(t), Secret: secret}}, err
		})
	staff(s, a, "revoke-token", http.MethodDelete, "/api/v1/tokens/{id}", "Revoke one of one's own tokens", http.StatusNoContent,
		func(ctx context.Context, _ string, in *idInput) (*struct{}, error) {
			p, err := who(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Guard.RevokeToken(ctx, p, p.Name, in.ID)
		})
	s.eventOperations(a)
}

func (s *server) tokens(ctx context.Context, user string) (*body[api.Page[api.Token]], error) {
	all, err := s.Service.Store.Tokens(ctx, user)
	page := api.Page[api.Token]{Items: []api.Token{}}
	for _, t := range all {
		page.Items = append(page.Items, toToken(t))
	}
	return &body[api.Page[api.Token]]{page}, err
}

// changePassword changes the password of who asks. A session that asks goes on.
func (s *server) changePassword(ctx context.Context, in api.PasswordChange, address string) error {
	p, err := who(ctx)
	if err != nil {
		return err
	}
	u, err := s.Guard.ChangePassword(ctx, p, in, address)
	if err != nil || p.Token != nil {
		return err
	}
	return s.begin(ctx, u)
}
