package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"time"

	kongcompletion "github.com/jotaen/kong-completion"

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
	// In is what is typed, or piped.
	In io.Reader `kong:"-"`
	// Err takes what people read while they wait. Nil: nobody reads it.
	Err io.Writer `kong:"-"`
	// Live says that Err is a terminal, on which a line may change.
	Live bool `kong:"-"`
	// Width is how many columns the terminal has that Out is. 0: it is none.
	Width int `kong:"-"`
	// Pause waits between two looks; false: there is none any more. Nil: for a second.
	Pause func(ctx context.Context) bool `kong:"-"`
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

	stack string // whose allocator is asked, where that was said
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
	Launch     LaunchCommand     `cmd:"" help:"Open a workshop and launch its machines, telling how far they are; or say what that would cost."`
	Change     ChangeCommand     `cmd:"" help:"Change a workshop: its seats, spares, end, limits, budget, and who is invited."`
	End        EndCommand        `cmd:"" help:"End a workshop and all its machines."`
	Export     ExportCommand     `cmd:"" help:"Print all seats that a workshop ever had, as CSV."`
	Stats      StatsCommand      `cmd:"" help:"Print what the participants of a workshop did: how long its software ran and had the active window, how long a GPU computed, and peaks."`
	Cost       CostCommand       `cmd:"" help:"Say what machines cost: so far, an hour, at the end; by workshop and by month."`
	Pools      PoolsCommand      `cmd:"" help:"List the kinds of machines, how many there are, and what AWS refused for them lately."`
	Machines   MachinesCommand   `cmd:"" help:"List machines."`
	Logs       LogsCommand       `cmd:"" help:"Print what a machine logged, and with -f what it logs."`
	Timeline   TimelineCommand   `cmd:"" help:"Print what became of a machine, and why."`
	Terminate  TerminateCommand  `cmd:"" help:"End one machine at once."`
	Reboot     RebootCommand     `cmd:"" help:"Boot a machine again; its participant gets another one."`
	Drain      DrainCommand      `cmd:"" help:"End a machine after what was made on it is collected."`
	Replace    ReplaceCommand    `cmd:"" help:"Let another machine take a machine's place; its participant keeps it until that one is ready."`
	Seats      SeatsCommand      `cmd:"" help:"List who has a machine and who waits, and take a seat away."`
	Move       MoveCommand       `cmd:"" help:"Give a participant another machine."`
	Tell       TellCommand       `cmd:"" help:"Tell a participant something, or all who are in a workshop, on their pages."`
	Extend     ExtendCommand     `cmd:"" help:"Let a participant keep a machine longer, whoever waits."`
	Schedules  SchedulesCommand  `cmd:"" help:"List workshops that are held again and again, begin and end that."`
	Collect    CollectCommand    `cmd:"" help:"Keep now what participants of a workshop have made."`
	Work       WorkCommand       `cmd:"" help:"List what participants made and was kept, and download it."`
	Roster     RosterCommand     `cmd:"" help:"List who is invited to a workshop."`
	Operations OperationsCommand `cmd:"" help:"List what the allocator does in the background, and cancel a launch."`
	Audit      AuditCommand      `cmd:"" help:"Print who did what."`
	Users      UsersCommand      `cmd:"" help:"List and change those of staff."`
	Tokens     TokensCommand     `cmd:"" help:"Make and revoke one's own tokens for programs."`
	JoinToken  JoinTokenCommand  `cmd:"" help:"Make and revoke tokens by which machines of one's own join a workshop."`

	Preview        PreviewCommand        `cmd:"" help:"Print what deploying a stack would do, for preview-comment."`
	PreviewComment PreviewCommentCommand `cmd:"" help:"Write down for a reviewer what lablink preview says."`
	Prices         PricesCommand         `cmd:"" help:"List what things cost in a Region, and who says so."`

	Migrate   MigrateCommand   `cmd:"" help:"Come from another deployment of LabLink."`
	Bootstrap BootstrapCommand `cmd:"" help:"Once for an AWS account: deploy its stack and move the state into its bucket."`
	Unprotect UnprotectCommand `cmd:"" help:"Lift the protection of what must survive, before a stack is destroyed."`
	Destroy   DestroyCommand   `cmd:"" help:"Take a whole deployment away: destroy what is not protected, list what stays, and see in AWS that nothing else is left."`

	Completion kongcompletion.Completion `cmd:"" help:"Say what to type so that the shell completes commands and flags: bash, zsh or fish."`
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
	if err := g.find(ctx); err != nil {
		return nil, err
	}
	if g.Token != "" {
		c := g.client()
		c.Bearer = g.Token
		return c, nil
	}
	if g.Password == "" {
		return nil, g.noPassword()
	}
	c, err := g.browser()
	if err != nil {
		return nil, err
	}
	return c, c.Do(ctx, http.MethodPost, "/api/v1/sessions", api.Session{User: g.User, Password: g.Password}, nil)
}
