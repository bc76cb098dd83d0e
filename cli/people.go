package cli

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// UsersCommand works with users.
type UsersCommand struct {
	AtStack
	List     ListUsersCommand   `cmd:"" default:"withargs" help:"List those of staff."`
	Add      AddUserCommand     `cmd:"" help:"Add a user, whose password is in LABLINK_NEW_PASSWORD."`
	Role     SetRoleCommand     `cmd:"" help:"Give a user another role."`
	Password SetPasswordCommand `cmd:"" help:"Give a user another password, that in LABLINK_NEW_PASSWORD."`
	Remove   RemoveUserCommand  `cmd:"" help:"Remove a user, with all sessions and tokens."`
}

// newPassword is the password of somebody else. On the command line everybody on this
// computer could read it.
func newPassword() (string, error) {
	if p := os.Getenv("LABLINK_NEW_PASSWORD"); p != "" {
		return p, nil
	}
	return "", api.Problemf(api.Invalid, "There is no password", "Set LABLINK_NEW_PASSWORD to one of twelve characters at least.")
}

// ask calls the API as staff.
func (g *Globals) ask(ctx context.Context, method, path string, in, out any) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	return client.Do(ctx, method, path, in, out)
}

// ListUsersCommand lists users.
type ListUsersCommand struct{}

// Run lists them.
func (ListUsersCommand) Run(ctx context.Context, g *Globals) error {
	var page api.Page[api.User]
	if err := g.ask(ctx, http.MethodGet, "/api/v1/users", nil, &page); err != nil {
		return err
	}
	rows := [][]string{{"NAME", "ROLE", "SINCE"}}
	for _, u := range page.Items {
		rows = append(rows, []string{u.Name, u.Role, day(&u.CreatedAt)})
	}
	return g.show(page.Items, rows)
}

// day is a time in a table, on this computer's clock, with its zone; "" where there is none.
func day(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04 MST")
}

// exactly is the same to the second.
func exactly(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// AddUserCommand adds a user.
type AddUserCommand struct {
	Name string `arg:"" help:"Small letters, digits and . _ @ -"`
	Role string `enum:"viewer,instructor,admin" default:"instructor" help:"viewer, instructor or admin (${default})."`
}

// Run adds one.
func (c AddUserCommand) Run(ctx context.Context, g *Globals) error {
	password, err := newPassword()
	if err != nil {
		return err
	}
	var u api.User
	if err := g.ask(ctx, http.MethodPost, "/api/v1/users", api.NewUser{Name: c.Name, Role: c.Role, Password: password}, &u); err != nil {
		return err
	}
	return g.show(u, [][]string{{"NAME", "ROLE"}, {u.Name, u.Role}})
}

// SetRoleCommand gives a user another role.
type SetRoleCommand struct {
	Name string `arg:"" help:"The user."`
	Role string `arg:"" enum:"viewer,instructor,admin" help:"viewer, instructor or admin."`
}

// Run sets it.
func (c SetRoleCommand) Run(ctx context.Context, g *Globals) error {
	return g.changeUser(ctx, c.Name, api.UserChange{Role: c.Role})
}

// SetPasswordCommand gives a user another password.
type SetPasswordCommand struct {
	Name string `arg:"" help:"The user."`
}

// Run sets it.
func (c SetPasswordCommand) Run(ctx context.Context, g *Globals) error {
	password, err := newPassword()
	if err != nil {
		return err
	}
	return g.changeUser(ctx, c.Name, api.UserChange{Password: password})
}

func (g *Globals) changeUser(ctx context.Context, name string, change api.UserChange) error {
	var u api.User
	if err := g.ask(ctx, http.MethodPatch, "/api/v1/users/"+url.PathEscape(name), change, &u); err != nil {
		return err
	}
	return g.show(u, [][]string{{"NAME", "ROLE"}, {u.Name, u.Role}})
}

// RemoveUserCommand removes a user.
type RemoveUserCommand struct {
	Name string `arg:"" help:"The user."`
}

// Run removes one.
func (c RemoveUserCommand) Run(ctx context.Context, g *Globals) error {
	return g.ask(ctx, http.MethodDelete, "/api/v1/users/"+url.PathEscape(c.Name), nil, nil)
}

// TokensCommand works with one's own tokens.
type TokensCommand struct {
	AtStack
	List   ListTokensCommand  `cmd:"" default:"withargs" help:"List one's own tokens."`
	Make   MakeTokenCommand   `cmd:"" help:"Make a token; its secret is shown this once."`
	Revoke RevokeTokenCommand `cmd:"" help:"Revoke a token."`
}

// ListTokensCommand lists tokens.
type ListTokensCommand struct{}

// Run lists them.
func (ListTokensCommand) Run(ctx context.Context, g *Globals) error {
	var page api.Page[api.Token]
	if err := g.ask(ctx, http.MethodGet, "/api/v1/tokens", nil, &page); err != nil {
		return err
	}
	rows := [][]string{{"ID", "NAME", "ROLE", "ENDS", "USED"}}
	for _, t := range page.Items {
		rows = append(rows, []string{t.ID, t.Name, t.Role, day(t.ExpiresAt), day(t.UsedAt)})
	}
	return g.show(page.Items, rows)
}

// MakeTokenCommand makes a token.
type MakeTokenCommand struct {
	Name string        `arg:"" help:"What it is for."`
	Role string        `help:"At most one's own, which it is when left out."`
	For  time.Duration `help:"How long it is good, for example 720h. Left out: until it is revoked."`
}

// Run makes one.
func (c MakeTokenCommand) Run(ctx context.Context, g *Globals) error {
	in := api.NewToken{Name: c.Name, Role: c.Role, ExpiresAt: after(c.For)}
	var made api.MadeToken
	if err := g.ask(ctx, http.MethodPost, "/api/v1/tokens", in, &made); err != nil {
		return err
	}
	return g.show(made, [][]string{{"ID", "ROLE", "SECRET"}, {made.ID, made.Role, made.Secret}})
}

// after is a time from now, or nil for none.
func after(d time.Duration) *time.Time {
	if d == 0 {
		return nil
	}
	t := time.Now().Add(d)
	return &t
}

// RevokeTokenCommand revokes a token.
type RevokeTokenCommand struct {
	Token string `arg:"" help:"Its id, tok_…"`
}

// Run revokes one.
func (c RevokeTokenCommand) Run(ctx context.Context, g *Globals) error {
	return g.ask(ctx, http.MethodDelete, "/api/v1/tokens/"+url.PathEscape(c.Token), nil, nil)
}

// JoinTokenCommand works with tokens by which machines of one's own join.
type JoinTokenCommand struct {
	AtStack
	List   ListJoinTokensCommand  `cmd:"" default:"withargs" help:"List tokens by which machines of one's own join."`
	Make   MakeJoinTokenCommand   `cmd:"" help:"Make such a token; what a machine joins with is shown this once."`
	Revoke RevokeJoinTokenCommand `cmd:"" help:"Revoke such a token; machines that have joined stay."`
}

// ListJoinTokensCommand lists join tokens.
type ListJoinTokensCommand struct {
	Workshop string `help:"Only those of this workshop: its id, wks_…, or its name."`
}

// Run lists them.
func (c ListJoinTokensCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	if c.Workshop, err = oneOrAll(ctx, client, c.Workshop); err != nil {
		return err
	}
	var page api.Page[api.JoinToken]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/join-tokens?workshop="+url.QueryEscape(c.Workshop), nil, &page); err != nil {
		return err
	}
	rows := [][]string{{"ID", "NAME", "WORKSHOP", "USED", "ENDS", "REFUSED AS"}}
	for _, t := range page.Items {
		rows = append(rows, []string{t.ID, t.Name, t.Workshop, strconv.Itoa(t.Used) + " of " + strconv.Itoa(t.Uses), day(&t.ExpiresAt), t.Refusal})
	}
	return g.show(page.Items, rows)
}

// MakeJoinTokenCommand makes a join token.
type MakeJoinTokenCommand struct {
	Name     string        `arg:"" help:"Whose machines it is for."`
	Workshop string        `required:"" help:"The workshop that they join: its id, wks_…, or its name."`
	Machines int           `default:"1" help:"How many may join with it (${default})."`
	For      time.Duration `default:"24h" help:"How long it is good (${default})."`
}

// Run makes one.
func (c MakeJoinTokenCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	if c.Workshop, err = named(ctx, client, c.Workshop); err != nil {
		return err
	}
	var made api.MadeJoinToken
	in := api.NewJoinToken{Name: c.Name, Workshop: c.Workshop, Uses: c.Machines, ExpiresAt: after(c.For)}
	if err := client.Do(ctx, http.MethodPost, "/api/v1/join-tokens", in, &made); err != nil {
		return err
	}
	rows := [][]string{{made.ID + " lets " + machines(made.Uses) + " join until " + day(&made.ExpiresAt) + ". On each, where arm64 takes ?arch=arm64:"}}
	for _, line := range made.Commands() {
		rows = append(rows, []string{line})
	}
	if line := made.WithoutRoot(); line != "" {
		rows = append(rows, []string{"Without root, and without a desktop for participants, in the place of the last line:"}, []string{line})
	}
	return g.show(made, rows)
}

func machines(n int) string {
	if n == 1 {
		return "one machine"
	}
	return strconv.Itoa(n) + " machines"
}

// RevokeJoinTokenCommand revokes a join token.
type RevokeJoinTokenCommand struct {
	Token string `arg:"" help:"Its id, jtk_…"`
}

// Run revokes one.
func (c RevokeJoinTokenCommand) Run(ctx context.Context, g *Globals) error {
	return g.ask(ctx, http.MethodDelete, "/api/v1/join-tokens/"+url.PathEscape(c.Token), nil, nil)
}
