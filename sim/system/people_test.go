package system

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// people are those who have to do with a workshop, each with a browser of their own.
type people struct {
	*local
	site       string // the address that browsers have
	account    *control.Client
	chrome     context.Context
	instructor *browser
	admin      *browser
	ann, phone *browser // one participant, at two computers
	bob, cleo  *browser
	dora       *browser // whom nobody invited
	onPaper    *browser // of an instructor, without scripts
	// room and paper are the pages of two workshops: one that is held, and one without scripts.
	room, paper string
}

// Three people do their whole work on the pages, as the guides in docs/guides say: who
// holds a workshop, who takes part in it, and who keeps the deployment. Every page is
// looked at wide and narrow, in light and in dark, and by axe.
func TestThreePeopleDoTheirWholeWork(t *testing.T) {
	l := up(t)
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	// Not a loopback address, to which browsers allow more.
	p := &people{local: l, site: strings.Replace(l.url, "127.0.0.1", "lablink.test", 1), account: account, chrome: startChromium(t)}
	for _, b := range []**browser{&p.instructor, &p.admin, &p.ann, &p.phone, &p.bob, &p.cleo, &p.dora} {
		*b = newBrowser(t, p.chrome)
	}
	p.addsAnInstructor(t)
	p.opensOnPaper(t)
	link := p.opensAWorkshop(t)
	p.repeatsAWorkshop(t)
	p.takesPart(t, link)
	p.seesTheRoom(t)
	p.invites(t, link)
	p.helps(t)
	p.restarts(t)
	p.collects(t)
	p.keepsMachines(t)
	p.keepsTheDeployment(t)
	p.keepsUsers(t)
	p.joinsOnPaper(t) // before there is a machine without a desktop, which may take the place of the one with
	p.joinsAMachine(t)
	p.endsOnPaper(t)
	p.leavesAndEnds(t)
}

const chosen = "a password of four words"

// machineOf is the machine on which somebody works.
func (p *people) machineOf(t *testing.T, who string) (of api.Machine) {
	t.Helper()
	admin := p.local.admin(t)
	eventually(t, who+" has a machine", func() bool {
		for _, m := range p.machines(t, admin) {
			if m.Participant == who {
				of = m
				return true
			}
		}
		return false
	})
	return of
}

// makes puts a file into the home of who works on a machine, as their programs do.
func (p *people) makes(t *testing.T, who, name, text string) {
	t.Helper()
	state, err := p.account.State(t.Context())
	require.NoError(t, err)
	file := filepath.Join(state.Dir, "instances", p.machineOf(t, who).Instance, "root/var/lib/lablink-home", name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

// status is what the API answers to who shows a token.
func (p *people) status(t *testing.T, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/api/v1/workshops", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}
