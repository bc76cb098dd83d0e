package api

// Estimate is what a workshop would cost, and what allows it, before it is opened.
type Estimate struct {
	Machines int      `json:"machines" doc:"How many it takes at once at most, spares included"`
	Hourly   *float64 `json:"hourly_usd,omitempty" doc:"What all of them cost an hour at most; absent where nobody knows the price"`
	Hours    *float64 `json:"hours,omitempty" doc:"For how long they run, from when they are launched; absent without an end"`
	Total    *float64 `json:"total_usd,omitempty" doc:"What it costs until its end at most; absent without an end or a price"`
	From     []string `json:"from" nullable:"false" doc:"Where the prices were read, and of when they are"`
	Limits   []Limit  `json:"limits" nullable:"false" doc:"What may not allow it. None of them keeps it from being opened"`
}

// Limit is something that may not allow a workshop all of its machines.
type Limit struct {
	Of     string     `json:"of" enum:"pool,quota,machine,month,budget" doc:"The pool's machines, the account's quota of AWS, what one machine may cost an hour, the budget of the month, or the workshop's own"`
	State  LimitState `json:"state" enum:"enough,short,unknown"`
	Detail string     `json:"detail" doc:"In words, with the next step where it is short"`
}

// LimitState is whether a limit allows what is asked for.
type LimitState string

// A limit allows it, does not, or nobody knows.
const (
	Enough  LimitState = "enough"
	Short   LimitState = "short"
	Unknown LimitState = "unknown"
)
