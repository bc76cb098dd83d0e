package api

import (
	"strings"
	"time"
)

// User is somebody of staff.
type User struct {
	Name      string    `json:"name"`
	Role      string    `json:"role" enum:"viewer,instructor,admin" doc:"A viewer looks, an instructor runs workshops, an admin does everything"`
	CreatedAt time.Time `json:"created_at"`
}

// NewUser asks for a user.
type NewUser struct {
	Name     string `json:"name" minLength:"1" maxLength:"100" doc:"Small letters, digits and . _ @ -"`
	Role     string `json:"role" enum:"viewer,instructor,admin"`
	Password string `json:"password" maxLength:"1000" doc:"Twelve characters at least"`
}

// UserChange changes a user. What is absent stays.
type UserChange struct {
	Role     string `json:"role,omitempty" enum:"viewer,instructor,admin" doc:"A lesser one ends the user's sessions and tokens"`
	Password string `json:"password,omitempty" maxLength:"1000" doc:"Another one ends the user's sessions and tokens"`
}

// PasswordChange changes one's own password. It ends all of one's tokens, and all
// sessions but the one that asks.
type PasswordChange struct {
	Old string `json:"old" maxLength:"1000" doc:"The password until now"`
	New string `json:"new" maxLength:"1000" doc:"Twelve characters at least"`
}

// Token is what a program shows in the place of a password.
type Token struct {
	ID        string     `json:"id" doc:"tok_…"`
	Name      string     `json:"name"`
	Role      string     `json:"role" enum:"viewer,instructor,admin"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it ends by itself; absent: when it is revoked"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"When it was used last, to the minute; absent: never"`
}

// NewToken asks for a token.
type NewToken struct {
	Name      string     `json:"name" minLength:"1" maxLength:"100" doc:"What it is for; each of one's tokens has another"`
	Role      string     `json:"role,omitempty" enum:"viewer,instructor,admin" doc:"At most one's own, which it is when absent"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it ends by itself; absent: when it is revoked"`
}

// MadeToken is a token with its secret.
type MadeToken struct {
	Token
	Secret string `json:"secret" doc:"lbl_…, for the header Authorization: Bearer; it is shown this once"`
}

// JoinToken lets machines of one's own join a workshop.
type JoinToken struct {
	ID        string     `json:"id" doc:"jtk_…"`
	Name      string     `json:"name"`
	Workshop  string     `json:"workshop" doc:"wks_…"`
	Uses      int        `json:"uses" doc:"How many machines may join with it"`
	Used      int        `json:"used" doc:"How many did"`
	Refusal   string     `json:"refusal,omitempty" doc:"Why no more machines may join with it"`
	By        string     `json:"by"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

// NewJoinToken asks for a join token.
type NewJoinToken struct {
	Name      string     `json:"name" minLength:"1" maxLength:"100" doc:"Whose machines it is for"`
	Workshop  string     `json:"workshop" maxLength:"64" doc:"The workshop that they join, wks_…"`
	Uses      int        `json:"uses,omitempty" minimum:"0" maximum:"1000" doc:"How many machines may join with it; absent: one"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it ends; absent: in a day; a month at most"`
}

// MadeJoinToken is a join token with its secret.
type MadeJoinToken struct {
	JoinToken
	Secret string `json:"secret" doc:"lbj_…; it is shown this once"`
	URL    string `json:"url" doc:"What a machine joins with: lablink-agent install --join URL, or lablink-agent run --join URL"`
	// Desktop is what machines of the workshop's pool show, and this one too once it is
	// installed.
	Desktop string `json:"desktop,omitempty" doc:"What machines of the workshop's pool show: vnc, container or crd; absent: none"`
}

// Commands are what to type on each machine that joins, in order: as root, so that it shows
// what machines of the pool do.
func (t MadeJoinToken) Commands() []string {
	allocator, _, _ := strings.Cut(t.URL, "/#")
	join := t.run()
	if t.Desktop != "" {
		join = "sudo ./lablink-agent install --desktop " + t.Desktop + " --join '" + t.URL + "'"
	}
	return []string{
		"curl -H 'Authorization: Bearer " + t.Secret + "' -fo lablink-agent " + allocator + "/download/lablink-agent",
		"chmod +x lablink-agent",
		join,
	}
}

// WithoutRoot is what to type in the place of the last of them by who is not root: then
// participants see the machine and no desktop of it. Empty where the pool shows none.
func (t MadeJoinToken) WithoutRoot() string {
	if t.Desktop == "" {
		return ""
	}
	return t.run()
}

// run is what to type to serve for as long as it runs.
func (t MadeJoinToken) run() string { return "./lablink-agent run --join '" + t.URL + "'" }

// Lacks is what to type to see what the machine lacks.
func (t MadeJoinToken) Lacks() string {
	desktop := ""
	if t.Desktop != "" {
		desktop = "--desktop " + t.Desktop + " "
	}
	return "./lablink-agent doctor " + desktop + "--join '" + t.URL + "'"
}

// Event is a line of the audit: who did what.
type Event struct {
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"A user, a user/token, an e-mail address, or allocator"`
	Action  string    `json:"action"`
	Subject string    `json:"subject" doc:"What it was done to"`
	Detail  string    `json:"detail,omitempty"`
}
