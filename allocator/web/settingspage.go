package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// settingsView is the page of what the allocator was started with.
type settingsView struct {
	Groups  []settingGroup
	Version string
	Release string
}

// settingGroup is a part of the settings, by the name of its words.
type settingGroup struct {
	Name     string
	Of       string // which pool it is, "" for what is no pool
	Settings []setting
}

// setting is a setting with its name in the stack's file. What it is for stands in the
// catalogue under its Word.
type setting struct {
	Key   string
	Word  string
	Value string // "" for one that is left out
	Long  bool   // whether it is a text of several lines
}

func (s *server) settingsPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "settings.html", settingsView{Groups: settingsOf(s.Deployed), Version: s.Version, Release: s.Release})
}

// settingsOf are the settings that the allocator goes by. None of them is secret.
func settingsOf(d deployed.Settings) []settingGroup {
	groups := []settingGroup{
		{"deployment", "", []setting{
			{Key: "lablink:deployment", Word: "deployment", Value: d.Deployment}, {Key: "the stack's name", Word: "environment", Value: d.Environment},
			{Key: "aws:region", Word: "region", Value: d.Region}, {Key: "lablink:account.id", Word: "account", Value: d.AccountID},
		}},
		{"name", "", []setting{
			{Key: "lablink:dns.domain", Word: "domain", Value: d.TLS.Domain}, {Key: "lablink:tls.mode", Word: "tls", Value: d.TLS.Mode},
			{Key: "lablink:tls.email", Word: "email", Value: d.TLS.Email}, {Key: "lablink:tls.staging", Word: "staging", Value: yes(d.TLS.Staging)},
		}},
		{"data", "", []setting{
			{Key: "lablink:database.engine", Word: "engine", Value: d.Database.Engine}, {Key: "lablink:pools[].collect", Word: "bucket", Value: d.WorkBucket},
		}},
		{"sessions", "", []setting{
			{Key: "lablink:sessions.maxMinutes", Word: "max", Value: orNone(d.Sessions.MaxMinutes)}, {Key: "lablink:sessions.idleMinutes", Word: "idle", Value: orNone(d.Sessions.IdleMinutes)},
			{Key: "lablink:sessions.warnMinutes", Word: "warn", Value: orNone(d.Sessions.WarnMinutes)},
		}},
		{"budget", "", []setting{
			{Key: "lablink:budget.monthlyUsd", Word: "monthly", Value: orNone(d.Budget.MonthlyUSD)}, {Key: "lablink:budget.hardCap", Word: "cap", Value: yes(d.Budget.HardCap)},
		}},
		{"signon", "", []setting{
			{Key: "lablink:oidc.issuer", Word: "issuer", Value: d.OIDC.Issuer}, {Key: "lablink:oidc.admins", Word: "admins", Value: strings.Join(d.OIDC.Admins, ", ")},
			{Key: "lablink:oidc.instructors", Word: "instructors", Value: strings.Join(d.OIDC.Instructors, ", ")}, {Key: "lablink:oidc.viewers", Word: "viewers", Value: strings.Join(d.OIDC.Viewers, ", ")},
		}},
	}
	for _, p := range d.Pools {
		groups = append(groups, settingGroup{"pool", p.Name, poolSettings(p)})
	}
	return groups
}

func poolSettings(p deployed.Pool) []setting {
	return []setting{
		{Key: "instanceTypes", Word: "types", Value: strings.Join(p.InstanceTypes, ", ")}, {Key: "market", Word: "market", Value: p.Market},
		{Key: "maxMachines", Word: "machines", Value: orNone(p.MaxMachines)}, {Key: "rootVolumeGiB", Word: "volume", Value: orNone(p.RootVolumeGiB)},
		{Key: "maxHourlyUsd", Word: "hourly", Value: orNone(p.MaxHourlyUSD)},
		{Key: "container", Word: "container", Value: p.Container}, {Key: "repository", Word: "repository", Value: p.Repository},
		{Key: "software", Word: "software", Value: strings.Join(p.Software, ", ")}, {Key: "collect", Word: "collect", Value: strings.Join(p.Collect, ", ")},
		{Key: "startup.script", Word: "script", Value: p.Startup.Script, Long: true}, {Key: "startup.onError", Word: "onError", Value: p.Startup.OnError},
		{Key: "startup.maxAttempts", Word: "attempts", Value: orNone(p.Startup.MaxAttempts)}, {Key: "startup.successCheck", Word: "check", Value: p.Startup.SuccessCheck, Long: true},
		{Key: "startup.runAs", Word: "runAs", Value: p.Startup.RunAs},
	}
}

// yes is a switch as it stands in a file.
func yes(on bool) string { return fmt.Sprint(on) }

// orNone is a number, or nothing where 0 means that it is left out.
func orNone[N int | float64](n N) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
