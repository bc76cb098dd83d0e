package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// monthsShown is how many months the page of what machines cost compares.
const monthsShown = 12

// costsView is the page of what machines cost.
type costsView struct {
	Month     time.Time // its begin
	Now       bool      // whether it is this month
	Before    string    // the month before, as in an address
	After     string    // the month after, "" where that is yet to come
	Spending  allocator.Spending
	AtEnd     float64 // of this month, if nothing changes
	Budget    api.Budget
	Workshops []workshopCost
	Days      chart
	Months    chart
}

// Used is how much of the month's budget is used up, in percent.
func (v costsView) Used() int {
	if v.Budget.Monthly == 0 {
		return 0
	}
	return int(min(100, 100*v.Budget.Spent/v.Budget.Monthly))
}

// workshopCost is what a workshop cost in a month.
type workshopCost struct {
	allocator.WorkshopSpending
	Name  string
	Share int // of the whole, in percent
}

// monthForm is how a month stands in an address.
const monthForm = "2006-01"

func (s *server) routeCosts(mux *routes) {
	mux.HandleFunc("GET /admin/costs", s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.costsData(r.Context(), r.URL.Query().Get("month"))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.render(w, r, http.StatusOK, "costs.html", v)
	}))
	mux.HandleFunc("GET /admin/costs/file", s.forStaff(s.costsFile))
}

// monthOf reads a month; this one for "". Invalid for what is none.
func (s *server) monthOf(typed string) (time.Time, error) {
	if typed == "" {
		typed = s.Service.Now().UTC().Format(monthForm)
	}
	begin, err := time.Parse(monthForm, typed)
	if err != nil {
		return begin, api.Problemf(api.Invalid, "That is no month", "%q: write it as 2026-03.", typed)
	}
	return begin, nil
}

func (s *server) costsData(ctx context.Context, month string) (costsView, error) {
	var v costsView
	var err error
	if v.Month, err = s.monthOf(month); err != nil {
		return v, err
	}
	over, now := v.Month.AddDate(0, 1, 0), s.Service.Now()
	v.Now = !now.Before(v.Month) && now.Before(over)
	v.Before = v.Month.AddDate(0, -1, 0).Format(monthForm)
	if now.After(over) {
		v.After = over.Format(monthForm)
	}
	if v.Spending, err = s.Service.Spending(ctx, v.Month, over); err != nil {
		return v, err
	}
	if v.Budget, err = s.budget(ctx); err != nil {
		return v, err
	}
	months, err := s.Service.CostsByMonth(ctx, monthsShown)
	if err != nil {
		return v, err
	}
	if v.Now {
		v.AtEnd = months[0].AtEnd
	}
	v.Months, v.Days = monthChart(months, v.Budget.Monthly), dayChart(v.Spending.Days)
	v.Workshops, err = s.workshopCosts(ctx, v.Spending)
	return v, err
}

func (s *server) workshopCosts(ctx context.Context, of allocator.Spending) (out []workshopCost, err error) {
	for _, w := range of.Workshops {
		line := workshopCost{WorkshopSpending: w}
		if of.USD > 0 {
			line.Share = int(100*w.USD/of.USD + 0.5)
		}
		if line.Name, err = s.workshopName(ctx, w.ID); err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}

// costsFile is what machines cost in a month as a file: a line for each day and workshop.
func (s *server) costsFile(w http.ResponseWriter, r *http.Request) {
	month, err := s.monthOf(r.URL.Query().Get("month"))
	var of allocator.Spending
	if err == nil {
		of, err = s.Service.Spending(r.Context(), month, month.AddDate(0, 1, 0))
	}
	var names []workshopCost
	if err == nil {
		names, err = s.workshopCosts(r.Context(), of)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lines := [][]string{{"day_utc", "workshop", "name", "usd"}}
	for _, day := range of.Days {
		for _, n := range names {
			if usd := day.ByWorkshop[n.ID]; usd > 0 {
				lines = append(lines, []string{day.Begin.Format(time.DateOnly), n.ID, harmless(n.Name), strconv.FormatFloat(usd, 'f', 4, 64)})
			}
		}
	}
	s.sendCSV(w, r, fmt.Sprintf("costs-%s.csv", month.Format(monthForm)), lines)
}

// sendCSV answers with a file of lines.
func (s *server) sendCSV(w http.ResponseWriter, r *http.Request, name string, lines [][]string) {
	w.Header().Set("Content-Type", csvMedia+"; charset=utf-8")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "no-store")
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		s.Log.WarnContext(r.Context(), "a file was not sent as a whole", "file", name, "error", err)
	}
}
