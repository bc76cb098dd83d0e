package allocator

import (
	"time"

	"github.com/teambition/rrule-go"
)

// Pattern is a recurrence rule in its parts, for those that people use.
type Pattern struct {
	Every string // day, week, month or year
	// Interval is how many of those lie between two, from 1.
	Interval int
	Days     []time.Weekday
	Times    int       // how often in all; 0 for no such limit
	Until    time.Time // zero for no end
}

// weekdays are those of a rule, which begins its weeks with Monday.
var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

var spans = map[rrule.Frequency]string{rrule.DAILY: "day", rrule.WEEKLY: "week", rrule.MONTHLY: "month", rrule.YEARLY: "year"}

// Pattern is the schedule's rule in its parts. Not ok where it says more than these, as
// the last Friday of each month.
func (s Schedule) Pattern() (p Pattern, ok bool) {
	rule, err := s.rule()
	if err != nil {
		return p, false
	}
	o := rule.OrigOptions
	p = Pattern{Every: spans[o.Freq], Interval: max(1, o.Interval), Times: o.Count, Until: o.Until}
	for _, day := range o.Byweekday {
		if day.N() != 0 {
			return p, false
		}
		p.Days = append(p.Days, weekdays[day.Day()])
	}
	if len(p.Days) == 0 && o.Freq == rrule.WEEKLY {
		p.Days = []time.Weekday{rule.GetDTStart().Weekday()}
	}
	said := len(o.Bymonth) + len(o.Bymonthday) + len(o.Byyearday) + len(o.Byweekno) + len(o.Bysetpos) + len(o.Byeaster) + len(o.Byhour) + len(o.Byminute) + len(o.Bysecond)
	return p, said == 0 && (len(p.Days) == 0 || o.Freq == rrule.WEEKLY || o.Freq == rrule.DAILY)
}

// Coming are when the next workshops begin after a time, so many at most.
func (s Schedule) Coming(after time.Time, most int) []time.Time {
	begins, err := s.begins(after, after.Add(longest), most)
	if err != nil {
		return nil
	}
	return begins
}
