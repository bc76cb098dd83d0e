package settings

import (
	"fmt"
	"net/mail"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

var snapshotID = regexp.MustCompile(`^snap-([0-9a-f]{8}|[0-9a-f]{17})$`)

var instanceClass = regexp.MustCompile(`^db\.[a-z0-9-]+\.[a-z0-9]+$`)

// snapshotIntervals are the hours between snapshots that Data Lifecycle Manager
// knows.
var snapshotIntervals = []int{1, 2, 3, 4, 6, 8, 12, 24}

// maxSubscribers is how many addresses AWS tells of one threshold of a budget.
const maxSubscribers = 10

func (s *Settings) checkDatabase(p *Problems) {
	d := s.Database
	if days := *d.BackupDays; days < 0 || days > 35 {
		p.add("database.backupDays", "7 is a week", "must be between 0 and 35, not %d", days)
	}
	if !slices.Contains(snapshotIntervals, d.SnapshotHours) {
		p.add("database.snapshotHours", "use one of 1, 2, 3, 4, 6, 8, 12, 24", "is %d", d.SnapshotHours)
	}
	if !instanceClass.MatchString(d.InstanceClass) {
		p.add("database.instanceClass", "write an RDS class, for example db.t4g.micro", "is not a class of RDS instances: %q", d.InstanceClass)
	}
	s.checkRestore(p)
	if d.Engine == Postgres {
		if hours := defaultOf(d, "SnapshotHours"); fmt.Sprint(d.SnapshotHours) != hours {
			p.add("database.snapshotHours", "remove it", "is set, but RDS backs up continuously with database.engine: postgres")
		}
		return
	}
	const fix = "set database.engine: postgres, or remove it"
	if d.MultiAZ {
		p.add("database.multiAz", fix, "is set, but there is no RDS instance with database.engine: sqlite")
	}
	if d.InstanceClass != defaultOf(d, "InstanceClass") {
		p.add("database.instanceClass", fix, "is set, but there is no RDS instance with database.engine: sqlite")
	}
}

// checkRestore wants that nothing is lost for good by going back.
func (s *Settings) checkRestore(p *Problems) {
	const key = "database.restoreSnapshot"
	d := s.Database
	switch {
	case d.RestoreSnapshot == "":
	case d.Engine == Postgres:
		p.add(key, "remove it", "is set, but there is no data volume with database.engine: postgres")
	case !snapshotID.MatchString(d.RestoreSnapshot):
		p.add(key, "write a snapshot's id, for example snap-0123456789abcdef0", "is not a snapshot's id: %q", d.RestoreSnapshot)
	case *d.BackupDays == 0 && !s.InProduction(): // which keeps backups
		p.add(key, "set database.backupDays to 1 to 35 and update, and set this after that", "is set, but with database.backupDays: 0 nothing would be left of the volume that it replaces")
	}
}

// defaultOf is the default that a field's tag writes.
func defaultOf(v any, field string) string {
	f, _ := reflect.TypeOf(v).FieldByName(field)
	return f.Tag.Get("default")
}

func (s *Settings) checkBudget(p *Problems) {
	b := s.Budget
	switch {
	case b.MonthlyUSD < 0:
		p.add("budget.monthlyUsd", "set US dollars a month, or 0 for no budget", "must be 0 or more, not %d", b.MonthlyUSD)
	case b.MonthlyUSD > 0 && len(b.Emails) == 0:
		p.add("budget.emails", "list who is told", "is empty, and nobody would be told of the budget")
	case b.MonthlyUSD == 0 && len(b.Emails) > 0:
		p.add("budget.emails", "set budget.monthlyUsd, or remove the addresses", "is set, but there is no budget with budget.monthlyUsd: 0")
	case b.HardCap && s.Kind == KindAccount:
		p.add("budget.hardCap", "remove it here, and set it in the environment's stack", "is set, but an account has no machines to end")
	case len(b.Emails) > maxSubscribers:
		p.add("budget.emails", "use one address for a list of people", "has %d addresses, and AWS tells %d at most", len(b.Emails), maxSubscribers)
	}
	checkEmails("budget.emails", b.Emails, p)
}

// checkEmails wants each address once: AWS takes two that differ in case for one.
func checkEmails(key string, emails []string, p *Problems) {
	for i, email := range emails {
		entry := fmt.Sprintf("%s[%d]", key, i)
		if !isEmail(email) {
			p.add(entry, "write an address alone, for example lab@example.org", "is not an e-mail address: %q", email)
		}
		if slices.ContainsFunc(emails[:i], func(other string) bool { return strings.EqualFold(other, email) }) {
			p.add(entry, "remove it", "is %q, which is in the list already", email)
		}
	}
}

func isEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text
}
