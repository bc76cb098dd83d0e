package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
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
	var browsers []*browser
	var room peopleOrder
	for {
		var o peopleOrder
		if err := in.Decode(&o); err != nil {
			return err
		}
		var done peopleDone
		if o.Claim {
			done = room.claim(browsers)
		} else {
			room = o
			browsers, done = room.open(ctx)
		}
		if err := out.Encode(done); err != nil {
			return err
		}
	}
}

// browser is a connection of somebody's, and the claim that they are about to send. It
// is written out before, and the answer is read through after: what this process does
// meanwhile is done on the allocator's processors.
type browser struct {
	conn  net.Conn
	in    *bufio.Reader
	claim []byte

	asked, answered time.Time
	status          int
	answer          []byte
}

// open opens the page in all browsers.
func (o peopleOrder) open(ctx context.Context) (browsers []*browser, done peopleDone) {
	for i := range o.People {
		b, err := o.browser(ctx, i)
		if err != nil {
			return nil, peopleDone{Errors: []string{err.Error()}}
		}
		browsers = append(browsers, b)
	}
	return browsers, done
}

// browser comes from an address of its own, as far as one computer has them.
func (o peopleOrder) browser(ctx context.Context, at int) (b *browser, err error) {
	from := &net.TCPAddr{IP: net.IPv4(127, byte(1+o.Room), byte(at/200), byte(1+at%200))}
	b = &browser{}
	if b.conn, err = (&net.Dialer{LocalAddr: from}).DialContext(ctx, "tcp", strings.TrimPrefix(o.URL, "http://")); err != nil {
		return nil, err
	}
	b.in = bufio.NewReader(b.conn)
	email := fmt.Sprintf("person%d.of.room%d@example.org", at, o.Room)
	if o.Same {
		email = fmt.Sprintf("one.of.room%d@example.org", o.Room)
	}
	raw, err := json.Marshal(api.Claim{Code: o.Code, Email: email})
	if err != nil {
		return nil, err
	}
	if b.claim, err = o.request(ctx, http.MethodPost, "/api/v1/seats", raw); err != nil {
		return nil, err
	}
	page, err := o.request(ctx, http.MethodGet, "/join/"+o.Code, nil)
	if err != nil {
		return nil, err
	}
	if err := b.do(page); err != nil {
		return nil, err
	}
	if b.status != http.StatusOK {
		return nil, fmt.Errorf("the page says %d", b.status)
	}
	return b, nil
}

// request is a request as it is sent.
func (o peopleOrder) request(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, o.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	var out bytes.Buffer
	err = r.Write(&out)
	return out.Bytes(), err
}

func (b *browser) do(request []byte) error {
	b.asked = time.Now()
	if _, err := b.conn.Write(request); err != nil {
		return err
	}
	res, err := http.ReadResponse(b.in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b.status = res.StatusCode
	b.answer, err = io.ReadAll(res.Body)
	b.answered = time.Now()
	return err
}

func (o peopleOrder) claim(browsers []*browser) peopleDone {
	var each sync.WaitGroup
	var failed failures
	gate := make(chan struct{})
	for _, b := range browsers {
		each.Go(func() {
			<-gate
			failed.add(b.do(b.claim))
		})
	}
	before, done := used(), peopleDone{Began: time.Now(), Seats: map[string]seat{}}
	close(gate)
	each.Wait()
	done.Used = used() - before
	for _, b := range browsers {
		failed.add(errors.Join(o.read(b, done), b.conn.Close()))
	}
	done.Errors = failed.all
	return done
}

// read takes what a browser was answered.
func (o peopleOrder) read(b *browser, done peopleDone) error {
	if o.Same && b.status == http.StatusForbidden { // it asks for the PIN, as another browser was faster
		return nil
	}
	if b.status >= 300 {
		return fmt.Errorf("%d: %s", b.status, b.answer)
	}
	var got api.Seat
	if err := json.Unmarshal(b.answer, &got); err != nil {
		return err
	}
	done.Seats[got.ID] = seat{got.State, b.asked, b.answered}
	return nil
}

// used is what this process has had of processors, in seconds.
func used() float64 {
	var of syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &of); err != nil {
		panic(err) // the kernel refuses nobody this
	}
	return time.Duration(of.Utime.Nano() + of.Stime.Nano()).Seconds()
}
