package web

import "net/url"

// Full reports whether people wait though they could not have a machine: all seats are
// taken.
func (v workshopView) Full() bool {
	return len(v.Queue) > 0 && v.Counts.InUse >= v.Workshop.Seats
}

// Views are the ways in which machines are shown, and Shows which.
func (workshopView) Views() []string { return []string{"cards", "table"} }

// Shows are those that there are to choose from.
func (workshopView) Shows() []string { return []string{"all", "attention", "waiting"} }

// At is the address of the page with a view.
func (v workshopView) At(view, show string) string {
	return "/admin/workshops/" + v.Workshop.ID + "?" + url.Values{"view": {view}, "show": {show}}.Encode()
}

// here is its address as it is shown now.
func (v workshopView) here() string {
	if v.View == v.Views()[0] && v.Show == v.Shows()[0] {
		return "/admin/workshops/" + v.Workshop.ID
	}
	return v.At(v.View, v.Show)
}

// Live is where the room's news come from.
func (v workshopView) Live() string {
	return "/admin/workshops/" + v.Workshop.ID + "/live?" + url.Values{"view": {v.View}, "show": {v.Show}}.Encode()
}

// Instructs reports whether who looks may do something.
func (v workshopView) Instructs() bool { return may(v.Role, "POST /admin/workshops/{id}/change") }
