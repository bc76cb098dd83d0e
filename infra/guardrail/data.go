package guardrail

import (
	"fmt"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func databasesAreClosedAndKept(s Stack) []string {
	tlsOnly := map[string]bool{}
	for _, g := range s.Of(dbParameters) {
		tlsOnly[g.Text("name")] = g.Text("parameters[0].name") == "rds.force_ssl" && g.Text("parameters[0].value") == "1"
	}
	return s.each(dbInstance, func(d recording.Record) string {
		days, _ := d.Get("backupRetentionPeriod").(float64)
		switch {
		case d.Get("storageEncrypted") != true:
			return "is not encrypted"
		case d.Get("publiclyAccessible") != false:
			return "has a public address"
		case d.Get("password") != nil || d.Get("manageMasterUserPassword") != true:
			return "has a password that AWS does not manage"
		case !tlsOnly[d.Text("parameterGroupName")]:
			return "answers without TLS"
		case !s.Production:
			return ""
		case d.Get("deletionProtection") != true || !d.Protect:
			return "can be deleted"
		case d.Get("skipFinalSnapshot") != false || d.Text("finalSnapshotIdentifier") == "" || days < 1:
			return "has no backups"
		}
		return ""
	})
}

// dataHasSnapshots wants of every stack that keeps its data in SQLite a policy
// that takes snapshots of its volume. A policy takes what has any of its tags,
// so it has one.
func dataHasSnapshots(s Stack) []string {
	taken := map[string]int{} // by the name of what it is taken of
	wrong := s.each(snapshotPolicy, func(p recording.Record) string {
		tags, _ := p.Get("policyDetails.targetTags").(map[string]any)
		if len(tags) != 1 || p.Text("state") != "ENABLED" || p.Get("policyDetails.schedules[0].createRule.interval") == nil {
			return "is not a running policy for one tag"
		}
		for key, value := range tags {
			for _, record := range s.Records {
				of, _ := record.Get("tags").(map[string]any)
				if of[key] == value {
					taken[record.Name]++
				}
			}
		}
		return ""
	})
	switch {
	case !s.SQLite:
		return wrong // RDS backs itself up, and an account has no data
	case len(s.Of(snapshotPolicy)) == 0 && !s.Production:
		return wrong // database.backupDays is 0, which production refuses
	case len(taken) != 1 || taken["host-data"] != 1:
		return append(wrong, fmt.Sprintf("snapshots are taken of %v", taken))
	}
	return wrong
}
