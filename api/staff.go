package api

import "time"

// Session is a log-in.
type Session struct {
	User     string `json:"user" maxLength:"100" doc:"The user's name; the first one is admin"`
	Password string `json:"password" maxLength:"1000"`
}

// Pool is a kind of machine that this deployment can launch.
type Pool struct {
	Name          string   `json:"name"`
	InstanceTypes []string `json:"instance_types"`
	MaxMachines   int      `json:"max_machines" doc:"How many may exist at once"`
	Machines      int      `json:"machines" doc:"How many exist now"`
	MaxHourlyUSD  float64  `json:"max_hourly_usd,omitempty" doc:"What one machine may cost an hour, with its disk and address; absent: there is no such cap"`
	TooDear       string   `json:"too_dear,omitempty" doc:"Why no machine may be launched, where each type costs more than that; for people"`
	Market        string   `json:"market,omitempty" doc:"How they are paid: on-demand, spot, or spot-then-on-demand; absent where that is not known"`
	// Refused is what the allocator that answers was told since it began.
	Refused []Refused `json:"refused,omitempty" doc:"What AWS refused for it in the last day, the newest first, as the allocator that answers was told"`
}

// Refused is what AWS refused in one place.
type Refused struct {
	At    time.Time  `json:"at"`
	Until *time.Time `json:"until,omitempty" doc:"When it is asked there again while other places are left; absent: at the next launch"`
	Type  string     `json:"type,omitempty" doc:"Absent: all types"`
	Where string     `json:"where,omitempty" doc:"The zone or subnet; absent: all of them"`
	Spot  bool       `json:"spot,omitempty"`
	Code  Code       `json:"code" doc:"capacity, quota, forbidden, invalid, unavailable or internal"`
	Why   string     `json:"why" doc:"For people"`
}

// NewWorkshop asks for a workshop and the machines for it.
type NewWorkshop struct {
	Name  string `json:"name" minLength:"1" maxLength:"100" doc:"What people call it"`
	Pool  string `json:"pool" maxLength:"100" doc:"The kind of machine"`
	Seats int    `json:"seats" minimum:"1" maximum:"1000" doc:"How many people may hold a machine at once"`

	StartsAt *time.Time `json:"starts_at,omitempty" doc:"When seats are given; absent: now"`
	EndsAt   *time.Time `json:"ends_at,omitempty" doc:"When it ends by itself, with all its machines; absent: when somebody ends it"`
	// WarmUpMinutes is how long before the start machines are launched.
	WarmUpMinutes  *int    `json:"warm_up_minutes,omitempty" minimum:"0" maximum:"1440" doc:"How long before the start machines are launched; 20 when absent"`
	Warm           *int    `json:"warm,omitempty" minimum:"0" maximum:"1000" doc:"How many machines are ready at the start, the others following the people; absent: one for each seat"`
	Spares         int     `json:"spares,omitempty" minimum:"0" maximum:"100" doc:"How many more machines are kept ready, for those that fail"`
	SessionMinutes int     `json:"session_minutes,omitempty" minimum:"0" maximum:"100000" doc:"How long a participant may keep a machine at a time; 0: as the deployment's settings say, which is until the workshop ends unless they set a limit"`
	IdleMinutes    *int    `json:"idle_minutes,omitempty" minimum:"0" maximum:"100000" doc:"How long a participant may do nothing; 0: as long as they like; absent: as the deployment's settings say"`
	BudgetUSD      float64 `json:"budget_usd,omitempty" minimum:"0" maximum:"1000000" doc:"What its machines may cost, in US dollars; 0: no such limit"`
	// Previews shows instructors small pictures of the participants' desktops, who are told.
	Previews bool     `json:"previews,omitempty" doc:"Whether instructors see small pictures of the desktops; participants are told before they join"`
	Roster   []string `json:"roster,omitempty" maxItems:"5000" doc:"The addresses that may join; absent: all who have the link"`
}

// WorkshopChange changes a workshop that is open. What is absent stays.
type WorkshopChange struct {
	Seats          *int       `json:"seats,omitempty" minimum:"1" maximum:"1000"`
	Spares         *int       `json:"spares,omitempty" minimum:"0" maximum:"100"`
	EndsAt         *time.Time `json:"ends_at,omitempty"`
	SessionMinutes *int       `json:"session_minutes,omitempty" minimum:"0" maximum:"100000"`
	IdleMinutes    *int       `json:"idle_minutes,omitempty" minimum:"0" maximum:"100000"`
	BudgetUSD      *float64   `json:"budget_usd,omitempty" minimum:"0" maximum:"1000000" doc:"0: no such limit"`
	Previews       *bool      `json:"previews,omitempty" doc:"Whether instructors see small pictures of the desktops"`
	Roster         *[]string  `json:"roster,omitempty" maxItems:"5000" doc:"Empty: all who have the link"`
	Invite         []string   `json:"invite,omitempty" maxItems:"5000" doc:"Addresses that are added to those that may join"`
	Uninvite       []string   `json:"uninvite,omitempty" maxItems:"5000" doc:"Addresses that may not join any more; whoever holds a seat keeps it"`
}

// Workshop is a group of seats behind one join code.
type Workshop struct {
	ID             string     `json:"id" doc:"wks_…"`
	Name           string     `json:"name"`
	Pool           string     `json:"pool"`
	Seats          int        `json:"seats"`
	Warm           int        `json:"warm"`
	Spares         int        `json:"spares"`
	JoinCode       string     `json:"join_code"`
	JoinURL        string     `json:"join_url" doc:"The link to hand out"`
	State          string     `json:"state" enum:"open,ended"`
	StartsAt       time.Time  `json:"starts_at"`
	EndsAt         *time.Time `json:"ends_at,omitempty"`
	WarmUpMinutes  int        `json:"warm_up_minutes"`
	SessionMinutes int        `json:"session_minutes"`
	IdleMinutes    int        `json:"idle_minutes" doc:"How long a participant may do nothing; 0: as long as they like"`
	Schedule       string     `json:"schedule,omitempty" doc:"The schedule that opened it, sch_…"`
	BudgetUSD      float64    `json:"budget_usd,omitempty" doc:"What its machines may cost; absent: no such limit"`
	Invited        bool       `json:"invited" doc:"Whether only those on its roster may join"`
	Previews       bool       `json:"previews,omitempty" doc:"Whether instructors see small pictures of the desktops"`
	// Trouble is why machines cannot be launched, and RetryAt when that is tried again.
	Trouble   string     `json:"trouble,omitempty" doc:"Why machines cannot be launched"`
	RetryAt   *time.Time `json:"retry_at,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// NewSchedule asks for a workshop that is held again and again.
type NewSchedule struct {
	Rule     string      `json:"rule" maxLength:"500" doc:"An RFC 5545 recurrence rule, as FREQ=WEEKLY;BYDAY=TU,TH"`
	First    string      `json:"first" maxLength:"16" doc:"When the first begins, on the clock of the zone: 2026-03-03T09:00"`
	Zone     string      `json:"zone" maxLength:"64" doc:"The time zone, as Europe/Berlin. Daylight saving moves nothing on its clock"`
	Minutes  int         `json:"minutes" minimum:"1" maximum:"500000" doc:"How long each goes on"`
	Workshop NewWorkshop `json:"workshop" doc:"What is opened, two weeks before it begins; without starts_at and ends_at"`
}

// Schedule opens a workshop again and again.
type Schedule struct {
	ID string `json:"id" doc:"sch_…"`
	NewSchedule
	Next     *time.Time `json:"next,omitempty" doc:"When the next begins; absent: none does within a year"`
	MissedAt *time.Time `json:"missed_at,omitempty" doc:"The begin of the newest that was over before it could be opened"`
	// Trouble is why the next cannot be opened; it is tried again until it is over.
	Trouble       string    `json:"trouble,omitempty" doc:"Why the next cannot be opened now; it is tried again until it is over"`
	MissedBecause string    `json:"missed_because,omitempty" doc:"Why that one could not be opened"`
	By            string    `json:"by"`
	CreatedAt     time.Time `json:"created_at"`
}

// Machine is one GPU desktop host.
type Machine struct {
	ID           string     `json:"id" doc:"mch_…"`
	Workshop     string     `json:"workshop" doc:"wks_…"`
	Pool         string     `json:"pool"`
	State        string     `json:"state"`
	Reason       string     `json:"reason" doc:"Why it is in this state"`
	Instance     string     `json:"instance,omitempty" doc:"The EC2 instance's id"`
	InstanceType string     `json:"instance_type,omitempty"`
	Zone         string     `json:"zone,omitempty"`
	Own          bool       `json:"own,omitempty" doc:"Whether it is somebody's own machine, which joined by a token"`
	JoinToken    string     `json:"join_token,omitempty" doc:"The token by which it joined, jtk_…"`
	Connected    bool       `json:"connected" doc:"Whether its tunnel is up"`
	Desktop      string     `json:"desktop,omitempty" doc:"What participants see of it: vnc, crd; absent for nothing"`
	Participant  string     `json:"participant,omitempty" doc:"Who holds its seat"`
	Seat         string     `json:"seat,omitempty" doc:"The seat on it, sea_…"`
	GPUs         []GPU      `json:"gpus"`
	LastReport   *time.Time `json:"last_report,omitempty" doc:"When its agent was heard of, within a minute"`
	Health       Health     `json:"health,omitempty" doc:"As its agent reported last: healthy, degraded or unhealthy"`
	HealthReason string     `json:"health_reason,omitempty" doc:"What its agent said with it, for people"`
	Action       Action     `json:"action,omitempty" doc:"What its agent suggests: restart, reset, reboot or replace"`
	CreatedAt    time.Time  `json:"created_at"`
	// Setup is absent where nothing is set up.
	Setup *SetupStatus `json:"setup,omitempty" doc:"How the machine is set up"`
	// What the agent says of itself; nothing before its first report.
	AgentVersion string         `json:"agent_version,omitempty"`
	AgentRelease string         `json:"agent_release,omitempty" doc:"The SHA-256 of the release manifest that the machine is at"`
	AgentFailed  *FailedRelease `json:"agent_failed,omitempty" doc:"The release that the machine gave up last"`
	// Cost is told where machines are listed.
	Cost *MachineCost `json:"cost,omitempty" doc:"What it costs; absent for somebody's own machine, before it is launched, and where nobody knows its price"`
}

// MachineCost is what one machine costs, in US dollars without tax.
type MachineCost struct {
	SoFar  float64  `json:"so_far_usd" doc:"Since it was launched"`
	Hourly float64  `json:"hourly_usd" doc:"Now; 0 once it has ended"`
	AtEnd  *float64 `json:"at_end_usd,omitempty" doc:"What it will be at the end of its workshop if it runs until then; absent without an end"`
	From   string   `json:"from" doc:"Where the price was read"`
	// Warning says that the machine does not end for it.
	Warning string `json:"warning,omitempty" doc:"Said of one that costs more than a machine of its pool may"`
}

// Cost is what machines cost, in US dollars without tax.
type Cost struct {
	Workshop string   `json:"workshop" doc:"wks_…"`
	Name     string   `json:"name" doc:"The workshop's"`
	SoFar    float64  `json:"so_far_usd" doc:"Since each machine was launched, those that have ended included"`
	Hourly   float64  `json:"hourly_usd" doc:"Of the machines that run now"`
	AtEnd    *float64 `json:"at_end_usd,omitempty" doc:"What all of it will be at the end of the workshop if nothing changes; absent without an end"`
	Budget   float64  `json:"budget_usd,omitempty" doc:"What they may cost; absent: no such limit"`
	Warning  string   `json:"warning,omitempty" doc:"Said from 80 % of the budget on"`
	Unknown  int      `json:"unknown_machines" doc:"Machines whose price nobody knows; they are in none of these"`
	From     []string `json:"from" nullable:"false" doc:"Where the prices were read"`
}

// Budget is what all machines of a deployment may cost in a calendar month, UTC.
type Budget struct {
	Month   string  `json:"month" doc:"The month, as 2026-03"`
	Spent   float64 `json:"spent_usd" doc:"What machines cost in it so far"`
	Monthly float64 `json:"monthly_usd" doc:"What they may cost; 0: no such limit"`
	HardCap bool    `json:"hard_cap" doc:"Whether machines end where a budget is used up"`
	Warning string  `json:"warning,omitempty" doc:"Said from 80 % on"`
}

// MonthCost is what all machines of a deployment cost in a calendar month, UTC.
type MonthCost struct {
	Month string  `json:"month" doc:"The month, as 2026-03"`
	Spent float64 `json:"spent_usd" doc:"What machines cost in it, so far where it goes on"`
	AtEnd float64 `json:"at_end_usd" doc:"What that will be at the end of the month if no machine is launched any more, and none ends before its workshop does"`
}

// DayCost is what all machines of a deployment cost on a day, UTC.
type DayCost struct {
	Day       string             `json:"day" doc:"The day, as 2026-03-01"`
	Spent     float64            `json:"spent_usd" doc:"What machines cost on it, so far where it goes on"`
	Workshops map[string]float64 `json:"workshops_usd" nullable:"false" doc:"That by the ids of the workshops, without those that cost nothing"`
}

// Operation is a durable background job.
type Operation struct {
	ID         string     `json:"id" doc:"op_…"`
	Kind       string     `json:"kind" enum:"launch,terminate,reboot,collect"`
	Workshop   string     `json:"workshop" doc:"wks_…"`
	State      string     `json:"state" enum:"queued,running,succeeded,failed,cancelled"`
	Total      int        `json:"total" doc:"How many machines it is about"`
	Done       int        `json:"done"`
	Failed     int        `json:"failed"`
	Message    string     `json:"message" doc:"What it is doing, or what went wrong"`
	By         string     `json:"by" doc:"Who asked for it"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// Page is one page of a listing; Next, when not empty, is the cursor of the
// page after it.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty"`
}

// Ready is the answer to GET /readyz.
type Ready struct {
	Ready   bool    `json:"ready"`
	Version string  `json:"version" doc:"The allocator's version"`
	Release string  `json:"release" doc:"The SHA-256 of the release manifest that is running"`
	Checks  []Check `json:"checks"`
	Rollout
}

// Check is one thing that must hold for the allocator to be ready.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty" doc:"What is wrong and what to do"`
	// Warning says that the allocator is ready all the same.
	Warning bool `json:"warning,omitempty" doc:"It is wrong, and the allocator is ready all the same"`
}
