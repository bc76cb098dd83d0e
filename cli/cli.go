package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/cli/stack"
)

// Globals are the flags of every command.
type Globals struct {
	URL      string `env:"LABLINK_URL" placeholder:"URL" help:"The allocator's address, for example https://lab.example.org."`
	User     string `env:"LABLINK_USER" default:"admin" help:"Who logs in (${default})."`
	Password string `env:"LABLINK_PASSWORD" placeholder:"PASSWORD" help:"The user's password. Better in the environment, where no list of processes shows it."`
	Token    string `env:"LABLINK_TOKEN" placeholder:"TOKEN" help:"A token of the user's, in the place of name and password. Better in the environment, too."`
	JSON     bool   `name:"json" help:"Print JSON instead of a table."`

	Out io.Writer `kong:"-"`
	// OpenImages says what machine images there are in a Region.
	OpenImages func(ctx context.Context, region string) (Images, error) `kong:"-"`
	// Engine calls pulumi.
	Engine Engine `kong:"-"`
	// OpenArtifacts opens a bucket of releases and the pointer to one.
	OpenArtifacts func(ctx context.Context, region, bucket, pointer string) (Artifacts, error) `kong:"-"`
	// OpenAccount looks for what there is of an environment in AWS.
	OpenAccount func(context.Context, stack.Environment) (stack.Account, error) `kong:"-"`
	// OpenPrices asks AWS what things cost.
	OpenPrices func(ctx context.Context) (price.Source, error) `kong:"-"`
	// Examined is what lablink doctor looks at.
	Examined Examined `kong:"-"`
	// Roots are the authorities that certificates are checked with. Nil: the system's.
	Roots *x509.CertPool `kong:"-"`
	// Resolver says what names are. Nil: the system's.
	Resolver *net.Resolver `kong:"-"`
	// Dial reaches addresses of the network. Nil: as the system does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `kong:"-"`
}

// Commands are what lablink can do.
type Commands struct {
	Globals
	Status     StatusCommand     `cmd:"" help:"Say whether the allocator is ready, and what runs."`
	Image      ImageCommand      `cmd:"" help:"Pin machine images."`
	Doctor     DoctorCommand     `cmd:"" help:"Say what this computer, the credentials and the account lack for a deployment: 0 nothing, 1 something, 2 that cannot be told."`
	Verify     VerifyCommand     `cmd:"" help:"Say whether the deployment is what the stack says, name, certificate and release: 0 it is, 1 it is not, 2 that cannot be told."`
	Drift      DriftCommand      `cmd:"" help:"Say whether what is there is what was deployed: 0 it is, 1 it is not, 2 that cannot be told."`
	Release    ReleaseCommand    `cmd:"" help:"List releases, and go back to one."`
	Workshops  WorkshopsCommand  `cmd:"" help:"List workshops."`
	Launch     LaunchCommand     `cmd:"" help:"Open a workshop and launch its machines."`
	Change     ChangeCommand     `cmd:"" help:"Change a workshop: its seats, spares, end, limits, budget, and who is invited."`
	End        EndCommand        `cmd:"" help:"End a workshop and all its machines."`
	Export     ExportCommand     `cmd:"" help:"Print all seats that a workshop ever had, as CSV."`
	Stats      StatsCommand      `cmd:"" help:"Print what the participants of a workshop did: time in its software, on a GPU, and peaks."`
	Machines   MachinesCommand   `cmd:"" help:"List machines."`
	Terminate  TerminateCommand  `cmd:"" help:"End one machine at once."`
	Reboot     RebootCommand     `cmd:"" help:"Boot a machine again; its participant gets another one."`
	Drain      DrainCommand      `cmd:"" help:"End a machine after what was made on it is collected."`
	Replace    ReplaceCommand    `cmd:"" help:"Let another machine take a machine's place; its participant keeps it until that one is ready."`
	Seats      SeatsCommand      `cmd:"" help:"List who has a machine and who waits, and take a seat away."`
	Move       MoveCommand       `cmd:"" help:"Give a participant another machine."`
	Tell       TellCommand       `cmd:"" help:"Tell a participant something, on their page."`
	Operations OperationsCommand `cmd:"" help:"List what the allocator does in the background, and cancel a launch."`
	Users      UsersCommand      `cmd:"" help:"List and change those of staff."`
	Tokens     TokensCommand     `cmd:"" help:"Make and revoke one's own tokens for programs."`
	JoinToken  JoinTokenCommand  `cmd:"" help:"Make and revoke tokens by which machines of one's own join a workshop."`

	Preview        PreviewCommand        `cmd:"" help:"Print what deploying a stack would do, for preview-comment."`
	PreviewComment PreviewCommentCommand `cmd:"" help:"Write down for a reviewer what lablink preview says."`
	Prices         PricesCommand         `cmd:"" help:"List what things cost in a Region, and who says so."`

	Migrate   MigrateCommand   `cmd:"" help:"Come from another deployment of LabLink."`
	Bootstrap BootstrapCommand `cmd:"" help:"Once for an AWS account: deploy its stack and move the state into its bucket."`
	Unprotect UnprotectCommand `cmd:"" help:"Lift the protection of what must survive, before a stack is destroyed."`
	Destroy   DestroyCommand   `cmd:"" help:"Destroy what is not protected, list what stays, and see in AWS that nothing else is left."`
}

// exitCodes say to scripts what kind of refusal it was; anything else is 1.
var exitCodes = map[api.Code]int{
	api.Invalid: 2, api.Unauthorized: 3, api.Forbidden: 3, api.NotFound: 4, api.Conflict: 5,
	api.Capacity: 6, api.Quota: 6, api.RateLimited: 7, api.Unavailable: 8,
}

// exit is an error with a way to end of its own.
type exit struct {
	error
	code int
}

// Unwrap is what went wrong.
func (e exit) Unwrap() error { return e.error }

// ExitCode is how to end after err.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	var e exit
	if errors.As(err, &e) {
		return e.code
	}
	if code, ok := exitCodes[api.CodeOf(err)]; ok {
		return code
	}
	return 1
}

// client is for what needs no log-in.
func (g *Globals) client() *api.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: g.Roots, MinVersion: tls.VersionTLS12}
	if g.Dial != nil {
		transport.DialContext = g.Dial
	}
	return &api.Client{URL: g.URL, HTTP: &http.Client{Timeout: 30 * time.Second, Transport: transport}, UserAgent: "lablink"}
}

// needURL refuses a command that does not know where the allocator is.
func (g *Globals) needURL() error {
	if g.URL == "" {
		return api.Problemf(api.Invalid, "There is no allocator to ask", "There is no address: give --url or set LABLINK_URL; it is the stack's output url, and for the local stack eval \"$(make env)\" sets it.")
	}
	return nil
}

var errNoPassword = errors.New("there is no password: set LABLINK_PASSWORD; the initial one is the stack's output initialAdminPassword. Or set LABLINK_TOKEN to a token from the page /admin/account")

// browser is a client that keeps cookies.
func (g *Globals) browser() (*api.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("keep the session: %w", err)
	}
	c := g.client()
	c.HTTP.Jar = jar
	return c, nil
}

// staff is a client that shows the token, or logs in.
func (g *Globals) staff(ctx context.Context) (*api.Client, error) {
	if err := g.needURL(); err != nil {
		return nil, err
	}
	if g.Token != "" {
		c := g.client()
		c.Bearer = g.Token
		return c, nil
	}
	if g.Password == "" {
		return nil, errNoPassword
	}
	c, err := g.browser()
	if err != nil {
		return nil, err
	}
	return c, c.Do(ctx, http.MethodPost, "/api/v1/sessions", api.Session{User: g.User, Password: g.Password}, nil)
}

// note says what is being done, to people who wait. That nobody reads it changes
// nothing of it.
func (g *Globals) note(format string, args ...any) {
	if !g.JSON {
		fmt.Fprintf(g.Out, "• "+format+"\n", args...)
	}
}

// show prints v as JSON, or as the table that rows describe, a heading first.
func (g *Globals) show(v any, rows [][]string) error {
	if g.JSON {
		enc := json.NewEncoder(g.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	table := tabwriter.NewWriter(g.Out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(table, "\t")
			}
			fmt.Fprint(table, plain(cell))
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// plain is text without what terminals take for more than text: much of what is shown
// was said by machines, and by whoever named something.
func plain(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, cell)
}
