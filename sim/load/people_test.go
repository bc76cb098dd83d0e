package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// peopleOrder is a room of people who open the page of a workshop, each in a browser of
// their own, or with Claim the order to all of them to claim a seat at once. Same makes
// them one person, and Room tells rooms apart, which come from networks of their own.
type peopleOrder struct {
	URL    string `json:"url"`
	Code   string `json:"code"`
	People int    `json:"people"`
	Same   bool   `json:"same"`
	Room   int    `json:"room"`
	Claim  bool   `json:"claim"`
}

// peopleDone is what became of it: what each claim took, and the ids of the seats.
// Used is what the people themselves needed of processors meanwhile.
type peopleDone struct {
	Began  time.Time       `json:"began"`
	Used   float64         `json:"used"`  // seconds
	Seats  map[string]seat `json:"seats"` // by id
	Errors []string        `json:"errors"`
}

// seat is what became of a claim.
type seat struct {
	State    string    `json:"state"`
	Asked    time.Time `json:"asked"`
	Answered time.Time `json:"answered"`
}

// bePeople is the process of the people.
func bePeople(ctx context.Context, in *json.Decoder, out *json.Encoder) error {
	var nothing struct{}
	if err := in.Decode(&nothing); err != nil {
		return err
	}
	var browsers []*api.Client
	var room peopleOrder
	for {
		var o peopleOrder
		if err := in.Decode(&o); err != nil {
			return err
		}
		var done peopleDone
		if o.Claim {
			done = room.claim(ctx, browsers)
		} else {
			room = o
			browsers, done = room.open(ctx)
		}
		if err := out.Encode(done); err != nil {
			return err
		}
	}
}

// browser comes from an address of its own, as far as one computer has them.
func (o peopleOrder) browser(at int) *http.Client {
	from := &net.TCPAddr{IP: net.IPv4(127, byte(1+o.Room), byte(at/200), byte(1+at%200))}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext}}
}

func (o peopleOrder) open(ctx context.Context) (browsers []*api.Client, done peopleDone) {
	browsers = make([]*api.Client, o.People)
	for i := range browsers {
		browsers[i] = &api.Client{URL: o.URL, HTTP: o.browser(i)}
		if _, err := browsers[i].Ready(ctx); err != nil { // the connection is kept
			done.Errors = append(done.Errors, err.Error())
		}
	}
	return browsers, done
}

func (o peopleOrder) claim(ctx context.Context, browsers []*api.Client) peopleDone {
	done := peopleDone{Seats: map[string]seat{}}
	var each sync.WaitGroup
	var mu sync.Mutex
	var failed failures
	gate := make(chan struct{})
	for i, c := range browsers {
		each.Go(func() {
			email := fmt.Sprintf("person%d.of.room%d@example.org", i, o.Room)
			if o.Same {
				email = fmt.Sprintf("one.of.room%d@example.org", o.Room)
			}
			var got api.Seat
			<-gate
			asked := time.Now()
			err := c.Do(ctx, http.MethodPost, "/api/v1/seats", api.Claim{Code: o.Code, Email: email}, &got)
			answered := time.Now()
			if o.Same && api.CodeOf(err) == api.Forbidden { // it asks for the PIN, as another browser was faster
				return
			}
			failed.add(err)
			mu.Lock()
			defer mu.Unlock()
			done.Seats[got.ID] = seat{got.State, asked, answered}
		})
	}
	before := used()
	done.Began = time.Now()
	close(gate)
	each.Wait()
	done.Used = used() - before
	done.Errors = append(done.Errors, failed.all...)
	return done
}

// used is what this process has had of processors, in seconds.
func used() float64 {
	var of syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &of); err != nil {
		panic(err) // the kernel refuses nobody this
	}
	return time.Duration(of.Utime.Nano() + of.Stime.Nano()).Seconds()
}
