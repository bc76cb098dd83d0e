package cloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

// Dashboard is aws:cloudwatch/dashboard:Dashboard.
type Dashboard struct {
	ID            string `json:"id"` // its name
	DashboardName string `json:"dashboardName"`
	DashboardBody string `json:"dashboardBody"`
	dashboardComputed
}

type dashboardComputed struct {
	DashboardARN string `json:"dashboardArn"`
}

var dashboardName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// PutDashboard makes a dashboard, or overwrites the one of that name.
func (a *Account) PutDashboard(d *Dashboard) error {
	return a.change(func(m *model) error {
		if !dashboardName.MatchString(d.DashboardName) {
			return refuse("InvalidParameterValue", "The value %s for field dashboardName contains invalid characters.", d.DashboardName)
		}
		if err := checkWidgets(d.DashboardBody); err != nil {
			return refuse("InvalidParameterInput", "The dashboard body is invalid, there are 1 validation errors: %s", err)
		}
		d.ID = d.DashboardName
		d.DashboardARN = "arn:aws:cloudwatch::" + a.opts.AccountID + ":dashboard/" + d.ID
		m.Dashboards.keep(d.ID, d)
		return nil
	})
}

// checkWidgets reads the part of a dashboard's body that graphs of metrics have.
func checkWidgets(body string) error {
	var content struct {
		Widgets []struct {
			Type                string
			X, Y, Width, Height int
			Properties          struct {
				Title, Region, Stat, View string
				Period                    int
				Metrics                   [][]string
			}
		}
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&content); err != nil {
		return err
	}
	for i, w := range content.Widgets {
		switch {
		case w.Type != "metric":
			return fmt.Errorf("widget %d: the simulator models widgets of metrics, not %q", i, w.Type)
		case w.Width < 1 || w.X < 0 || w.X+w.Width > 24 || w.Height < 1:
			return fmt.Errorf("widget %d does not fit into 24 columns", i)
		case w.Properties.Region == "" || len(w.Properties.Metrics) == 0:
			return fmt.Errorf("widget %d: should have required properties region and metrics", i)
		}
		for _, metric := range w.Properties.Metrics {
			if len(metric) < 2 || len(metric)%2 != 0 {
				return fmt.Errorf("widget %d: a metric is a namespace, a name and pairs of dimensions: %v", i, metric)
			}
		}
	}
	return nil
}

// Dashboard returns one dashboard.
func (a *Account) Dashboard(name string) (*Dashboard, error) { return dashboards.lookup(a, name) }

// DeleteDashboard removes a dashboard.
func (a *Account) DeleteDashboard(name string) error { return dashboards.remove(a, name, nil) }
