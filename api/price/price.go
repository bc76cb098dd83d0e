package price

// HoursPerMonth is how many hours AWS reckons a month to have.
const HoursPerMonth = 730

// Unit is what a price is for.
type Unit string

// What prices are for.
const (
	Hour     Unit = "hour"            // of one thing
	Month    Unit = "month"           // of one thing
	GiBMonth Unit = "GiB-month"       // of storage
	GB       Unit = "GB"              // of traffic
	Million  Unit = "million queries" // to names
)

// Price is in US dollars.
type Price struct {
	USD  float64
	Per  Unit
	From Origin
}

// Origin is where a price was read, and of when it is: "LabLink's table of June
// 2025".
type Origin string

// Monthly is what n of what is priced cost in a month: n things, or GiB. Traffic
// and queries are not by the month.
func (p Price) Monthly(n float64) (usd float64, ok bool) {
	switch p.Per {
	case Hour:
		return p.USD * n * HoursPerMonth, true
	case Month, GiBMonth:
		return p.USD * n, true
	case GB, Million:
	}
	return 0, false
}
