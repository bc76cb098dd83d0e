package settings

import (
	"fmt"
	"path"
	"strings"
)

const (
	// maxCollect is how many patterns a pool may have.
	maxCollect = 20
	// longestSession is a year, in minutes.
	longestSession = 366 * 24 * 60
)

func (s *Settings) checkSessions(p *Problems) {
	for key, minutes := range map[string]int{"maxMinutes": s.Sessions.MaxMinutes, "idleMinutes": s.Sessions.IdleMinutes} {
		if minutes < 0 || minutes > longestSession {
			p.add("sessions."+key, "set minutes, or 0 for no limit", "must be between 0 and %d, not %d", longestSession, minutes)
		}
	}
	warn, idle := s.Sessions.WarnMinutes, s.Sessions.IdleMinutes
	if warn < 1 || warn > 60 {
		p.add("sessions.warnMinutes", "5 minutes are enough to save one's work", "must be between 1 and 60, not %d", warn)
	} else if idle > 0 && idle <= warn {
		p.add("sessions.idleMinutes", fmt.Sprintf("set more than %d minutes, or a shorter sessions.warnMinutes", warn), "is %d, and participants are warned %d minutes before: it would be at once", idle, warn)
	}
}

func (pool Pool) checkCollect(key string, p *Problems) {
	if len(pool.Collect) > maxCollect {
		p.add(key, "take folders as a whole, for example results/**", "has %d patterns, and may have %d", len(pool.Collect), maxCollect)
	}
	for i, pattern := range pool.Collect {
		if !collectable(pattern) {
			p.add(fmt.Sprintf("%s[%d]", key, i), "write a pattern in the participant's home, for example results/** or *.csv", "is no such pattern: %q", pattern)
		}
	}
}

// collectable reports whether a pattern names files below a home.
func collectable(pattern string) bool {
	if pattern == "" || len(pattern) > 200 || strings.HasPrefix(pattern, "/") || path.Clean(pattern) != pattern {
		return false
	}
	for part := range strings.SplitSeq(pattern, "/") {
		if _, err := path.Match(part, ""); err != nil || part == ".." {
			return false
		}
	}
	return true
}
