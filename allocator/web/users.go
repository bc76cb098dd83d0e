package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

type nameInput struct {
	Name string `path:"name" maxLength:"100"`
}

func toUser(u allocator.User) api.User {
	return api.User{Name: u.Name, Role: string(u.Role), CreatedAt: u.CreatedAt}
}

// userOperations are what an admin does with users.
func (s *server) userOperations(a huma.API) {
	staff(s, a, "list-users", http.MethodGet, "/api/v1/users", "List the users", 0,
		func(ctx context.Context, _ string, _ *struct{}) (*body[api.Page[api.User]], error) {
			users, err := s.users(ctx)
			return &body[api.Page[api.User]]{api.Page[api.User]{Items: users}}, err
		})
	staff(s, a, "add-user", http.MethodPost, "/api/v1/users", "Add a user", http.StatusCreated,
		func(ctx context.Context, _ string, in *body[api.NewUser]) (*body[api.User], error) {
			by, err := who(ctx)
			if err != nil {
				return nil, err
			}
			u, err := s.Guard.AddUser(ctx, by, in.Body)
			return &body[api.User]{toUser(u)}, err
		})
	staff(s, a, "change-user", http.MethodPatch, "/api/v1/users/{name}", "Give a user another role, or another password", 0,
		func(ctx context.Context, _ string, in *struct {
			Name string `path:"name" maxLength:"100"`
			Body api.UserChange
		},
		) (*body[api.User], error) {
			if err := s.changeUser(ctx, in.Name, in.Body); err != nil {
				return nil, err
			}
			u, err := s.Service.Store.User(ctx, in.Name)
			return &body[api.User]{toUser(u)}, err
		})
	staff(s, a, "remove-user", http.MethodDelete, "/api/v1/users/{name}", "Remove a user, with all sessions and tokens of theirs", http.StatusNoContent,
		func(ctx context.Context, _ string, in *nameInput) (*struct{}, error) {
			by, err := who(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Guard.RemoveUser(ctx, by, in.Name)
		})
	staff(s, a, "list-tokens-of-user", http.MethodGet, "/api/v1/users/{name}/tokens", "List a user's tokens, newest first", 0,
		func(ctx context.Context, _ string, in *nameInput) (*body[api.Page[api.Token]], error) {
			if _, err := s.Service.Store.User(ctx, in.Name); err != nil {
				return nil, err
			}
			return s.tokens(ctx, in.Name)
		})
	staff(s, a, "revoke-token-of-user", http.MethodDelete, "/api/v1/users/{name}/tokens/{id}", "Revoke a user's token", http.StatusNoContent,
		func(ctx context.Context, _ string, in *struct {
			Name string `path:"name" maxLength:"100"`
			ID   string `path:"id" maxLength:"64"`
		},
		) (*struct{}, error) {
			by, err := who(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Guard.RevokeToken(ctx, by, in.Name, in.ID)
		})
}

func (s *server) users(ctx context.Context) ([]api.User, error) {
	all, err := s.Service.Store.Users(ctx)
	out := []api.User{}
	for _, u := range all {
		out = append(out, toUser(u))
	}
	return out, err
}

// changeUser changes one thing of a user, so that it happens as a whole or not at all.
func (s *server) changeUser(ctx context.Context, name string, c api.UserChange) error {
	by, err := who(ctx)
	switch {
	case err != nil:
		return err
	case (c.Role == "") == (c.Password == ""):
		return api.Problemf(api.Invalid, "One thing is changed at a time", "Say either the role or the password.")
	case c.Role != "":
		return s.Guard.SetRole(ctx, by, name, allocator.Role(c.Role))
	}
	return s.Guard.SetPassword(ctx, by, name, c.Password)
}
