package doctor

import (
	"context"
	"errors"
	"fmt"
)

// Status is what became of a check.
type Status string

// A thing is as it has to be, or not, or nobody could tell.
const (
	OK      Status = "ok"
	Wrong   Status = "wrong"
	Unknown Status = "unknown"
)

// Finding is one thing that was looked at.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	Fix    string `json:"fix,omitempty"` // what to do about it; empty where it is ok
}

// Worst is the status of all findings together: one that is wrong counts before
// any that is unknown.
func Worst(findings []Finding) Status {
	worst := OK
	for _, f := range findings {
		if f.Status == Wrong || f.Status == Unknown && worst == OK {
			worst = f.Status
		}
	}
	return worst
}

func ok(check, found string, args ...any) Finding {
	return Finding{Check: check, Status: OK, Found: fmt.Sprintf(found, args...)}
}

func wrong(check, fix, found string, args ...any) Finding {
	return Finding{Check: check, Status: Wrong, Found: fmt.Sprintf(found, args...), Fix: fix}
}

// unknown is a check that came to no end, for a reason that may pass.
func unknown(check string, err error) Finding {
	f := Finding{Check: check, Status: Unknown, Found: "it cannot be told: " + err.Error(), Fix: "look at the reason, and call this again"}
	var denied *Denied
	switch {
	case errors.As(err, &denied):
		f.Found = "it cannot be told: " + denied.Error()
		f.Fix = "have somebody with the right look, or ask an administrator for it: " + denied.Right
	case errors.Is(err, context.DeadlineExceeded):
		f.Found = "it cannot be told: there was no answer in time"
		f.Fix = "look at the network, a proxy for example, and call this again"
	}
	return f
}

// ErrMissing says that what was asked for is not there.
var ErrMissing = errors.New("it is not there")

// Denied says that the credentials may not ask.
type Denied struct {
	Right string // for example ec2:DescribeImages
}

func (d *Denied) Error() string { return "these credentials need the right " + d.Right }

// Refused says that who asked, or what was asked with, was not accepted.
type Refused struct {
	Expired bool // it was once
	Err     error
}

func (r *Refused) Error() string { return r.Err.Error() }

// Unwrap is what was answered.
func (r *Refused) Unwrap() error { return r.Err }
