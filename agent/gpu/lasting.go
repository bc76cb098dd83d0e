package gpu

import (
	"slices"
	"strings"
	"time"
)

// lasting remembers since when things are wrong.
type lasting map[ailment]*spell

// ailment is a symptom of one GPU, or of the machine.
type ailment struct {
	symptom symptom
	gpu     string
}

// spell is how long an ailment has lasted.
type spell struct {
	since, last time.Time
	counts      bool
	about       string
}

// settle returns what counts of what a look found: what has lasted for as long as its
// rule says, and what was gone for less.
func (l lasting) settle(found []finding, now time.Time) []finding {
	var out []finding
	seen := map[ailment]bool{}
	for _, f := range found {
		seen[f.ailment()] = true
		if l.mark(f, now) {
			out = append(out, f)
		}
	}
	return append(out, l.linger(seen, now)...)
}

func (f finding) ailment() ailment { return ailment{f.symptom, f.gpu} }

// mark notes that something was found, and reports whether it counts.
func (l lasting) mark(f finding, now time.Time) bool {
	s := l[f.ailment()]
	if s == nil || now.Before(s.since) { // a clock that was set back begins anew
		s = &spell{since: now, counts: s != nil && s.counts}
		l[f.ailment()] = s
	}
	s.last, s.about = now, f.about
	s.counts = s.counts || now.Sub(s.since) >= ruleOf(f.symptom).after
	return s.counts
}

// linger forgets what was not seen, and returns what was gone too shortly for that.
func (l lasting) linger(seen map[ailment]bool, now time.Time) []finding {
	var out []finding
	for a, s := range l {
		switch gone := now.Sub(s.last); {
		case seen[a]:
		case s.counts && gone >= 0 && gone < ruleOf(a.symptom).gone:
			out = append(out, finding{a.symptom, a.gpu, s.about})
		default:
			delete(l, a)
		}
	}
	slices.SortFunc(out, func(a, b finding) int { return strings.Compare(a.gpu, b.gpu) })
	return out
}
