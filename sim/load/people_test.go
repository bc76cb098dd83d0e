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

// peopleOrder is a room of people who claim a seat of a workshop at once, each in a
// browser that has loaded the page before. Same makes all of them one person, and
// Room tells rooms apart, which come from networks of their own.
type peopleOrder struct {
	URL    string `json:"url"`
	Code   string `json:"code"`
	People int    `json:"people"`
	Same   bool   `json:"same"`
	Room   int    `json:"room"`
}

// peopleDone is what became of it: what each claim took, and the ids of the seats.
// Used is what the people themselves needed of processors meanwhile.
type peopleDone struct {
	Seconds float64           `json:"seconds"`
	Used    float64           `json:"used"` // seconds
	Took    []millis          `json:"took"`
	Seats   map[string]string `json:"seats"` // seat → state
	Errors  []string          `json:"errors"`
}

// bePeople is the process of the people.
func bePeople(ctx context.Context, in *json.Decoder, out *json.Encoder) error {
	var nothing struct{}
	if err := in.Decode(&nothing); err != nil {
		return err
	}
	for {
		var o peopleOrder
		if err := in.Decode(&o); err != nil {
			return err
		}
		if err := out.Encode(o.claim(ctx)); err != nil {
			return err
		}
	}
}

// browser comes from an address of its own, as far as one computer has them.
func (o peopleOrder) browser(at int) *http.Client {
	from := &net.TCPAddr{IP: net.IPv4(127, byte(1+o.Room), byte(at/200), byte(1+at%200))}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext}}
}

func (o peopleOrder) claim(ctx context.Context) peopleDone {
	done := peopleDone{Took: make([]millis, o.People), Seats: map[string]string{}}
	browsers := make([]*api.Client, o.People)
	for i := range browsers {
		browsers[i] = &api.Client{URL: o.URL, HTTP: o.browser(i)}
		if _, err := browsers[i].Ready(ctx); err != nil { // the connection is kept
			done.Errors = append(done.Errors, err.Error())
		}
	}
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
			var seat api.Seat
			<-gate
			begin := time.Now()
			err := c.Do(ctx, http.MethodPost, "/api/v1/seats", api.Claim{Code: o.Code, Email: email}, &seat)
			done.Took[i] = since(begin)
			if o.Same && api.CodeOf(err) == api.Forbidden { // it asks for the PIN, as another browser was faster
				return
			}
			failed.add(err)
			mu.Lock()
			defer mu.Unlock()
			done.Seats[seat.ID] = seat.State
		})
	}
	begin, before := time.Now(), used()
	close(gate)
	each.Wait()
	done.Seconds, done.Used = time.Since(begin).Seconds(), used()-before
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
