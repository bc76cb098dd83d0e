package allocator

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Schedule opens a workshop again and again.
type Schedule struct {
	ID string
	// Rule is an RFC 5545 recurrence rule, without DTSTART: that is First.
	Rule string
	// First is when the first workshop begins, on the clock of Zone.
	First time.Time
	Zone  string        // an IANA name
	Lasts time.Duration // how long each workshop goes on
	// Workshop is what is opened, but for its times.
	Workshop api.NewWorkshop
	// Through is the begin of the newest workshop that was opened or missed.
	Through time.Time
	// MissedAt is the begin of the newest one that was over before it could be opened;
	// zero when none was.
	MissedAt time.Time
	// MissedBecause is why, and Trouble why the next cannot be opened now; "" where all
	// is well. Both are for people.
	MissedBecause, Trouble string
	By                     string
	CreatedAt              time.Time
}

// ahead is how long before its begin a workshop of a schedule is opened, so that its
// link can be handed out.
const ahead = 14 * 24 * time.Hour

// mostAhead is how many workshops a schedule may have in that time.
const mostAhead = 50

// frequencies are those that a schedule may have.
var frequencies = []rrule.Frequency{rrule.YEARLY, rrule.MONTHLY, rrule.WEEKLY, rrule.DAILY}

// rule reads the recurrence rule. Daylight saving moves no workshop on its clock.
func (s Schedule) rule() (*rrule.RRule, error) {
	option, err := rrule.StrToROption(strings.TrimPrefix(s.Rule, "RRULE:"))
	if err != nil {
		return nil, api.Problemf(api.Invalid, "That is no recurrence rule", "%q: %s. Write it as FREQ=WEEKLY;BYDAY=TU,TH or FREQ=DAILY;COUNT=5.", s.Rule, err)
	}
	if !option.Dtstart.IsZero() || !slices.Contains(frequencies, option.Freq) {
		return nil, api.Problemf(api.Invalid, "That recurrence rule is not for workshops", "%q: FREQ is YEARLY, MONTHLY, WEEKLY or DAILY, and the first begin stands beside the rule.", s.Rule)
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.Zone == "" || s.Zone == "Local" {
		return nil, api.Problemf(api.Invalid, "There is no such time zone", "%q: write it as Europe/Berlin or America/Los_Angeles.", s.Zone)
	}
	option.Dtstart = s.First.In(zone)
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, api.Problemf(api.Invalid, "That is no recurrence rule", "%q: %s.", s.Rule, err)
	}
	return rule, nil
}

// Begins are when its workshops begin, after a time and until another.
func (s Schedule) Begins(after, until time.Time) ([]time.Time, error) {
	return s.begins(after, until, math.MaxInt)
}

// begins are the first of them, at most so many. Where clocks go forward, a rule may
// name the same time twice.
func (s Schedule) begins(after, until time.Time, most int) ([]time.Time, error) {
	rule, err := s.rule()
	if err != nil {
		return nil, err
	}
	var out []time.Time
	next := rule.Iterator()
	for begin, more := next(); more && !begin.After(until) && len(out) < most; begin, more = next() {
		if begin = firstOf(begin); begin.After(after) {
			out, after = append(out, begin.UTC()), begin
		}
	}
	return out, nil
}

// firstOf is the first time at which clocks show what they do at t: where they go back,
// that is the one that is meant (RFC 5545, 3.3.5).
func firstOf(t time.Time) time.Time {
	change, _ := t.ZoneBounds()
	if change.IsZero() {
		return t
	}
	_, now := t.Zone()
	_, before := change.Add(-1).Zone()
	if earlier := t.Add(time.Duration(now-before) * time.Second); before > now && earlier.Before(change) {
		return earlier
	}
	return t
}

// Next is when the next workshop begins after a time; zero: none does within a year.
func (s Schedule) Next(after time.Time) time.Time {
	begins, err := s.begins(after, after.Add(longest), 1)
	if err != nil || len(begins) == 0 {
		return time.Time{}
	}
	return begins[0]
}
