package web

import (
	"html/template"
	"math"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// The size of a chart, in the units of its picture: bars stand on a line above which
// there is room for the highest, and below which there are labels.
const (
	chartWidth  = 720.0
	chartHeight = 180.0
	chartTop    = 24.0
	chartLabels = 24.0
)

// chart is a picture of bars. What it shows stands in a table beside it as well.
type chart struct {
	Bars  []bar
	Line  *chartLine // what the bars are measured against, nil for nothing
	Most  float64    // what the highest bar means
	Width float64
	// Height is that of the whole picture, Floor where the bars stand, and Labels where
	// their labels do.
	Height, Floor, Labels float64
}

// bar is one bar.
type bar struct {
	X, Y, Width, Height float64
	Middle              float64
	Label               string // "" for one that has no room for it
	USD                 float64
	Forecast            float64 // what it is to become, 0 where that is not asked
	ForecastY           float64
	ForecastHeight      float64
	Begin               time.Time
	Query               string // what its page is asked for
}

// chartLine is a line over all bars.
type chartLine struct {
	Y, USD float64
	Above  float64 // where it is said what it means
}

// newChart makes a picture of bars of these values, with room for so many; every how many
// of them has a label.
func newChart(bars []bar, room, labelled int, line float64) chart {
	c := chart{Width: chartWidth, Height: chartTop + chartHeight + chartLabels, Floor: chartTop + chartHeight, Labels: chartTop + chartHeight + 18}
	most := line
	for _, b := range bars {
		most = max(most, b.USD, b.Forecast)
	}
	c.Most = most
	if most == 0 {
		most = 1
	}
	step := chartWidth / float64(max(1, room, len(bars)))
	high := func(usd float64) float64 { return rounded(chartHeight * usd / most) }
	for i := range bars {
		b := &bars[i]
		b.X, b.Width, b.Middle = rounded(float64(i)*step+step*0.15), rounded(step*0.7), rounded((float64(i)+0.5)*step)
		b.Height = high(b.USD)
		b.Y = rounded(c.Floor - b.Height)
		b.ForecastHeight = rounded(max(0, high(b.Forecast)-b.Height))
		b.ForecastY = rounded(b.Y - b.ForecastHeight)
		if i%labelled != 0 {
			b.Label = ""
		}
	}
	c.Bars = bars
	if line > 0 {
		y := rounded(c.Floor - high(line))
		c.Line = &chartLine{Y: y, USD: line, Above: y - 5}
		if y < 2*chartTop { // where the highest is said
			c.Line.Above = y + 16
		}
	}
	return c
}

// Newest are the bars, the newest first.
func (c chart) Newest() []bar {
	out := slices.Clone(c.Bars)
	slices.Reverse(out)
	return out
}

// picture is a chart as it stands on a page.
type picture struct {
	ID    string
	Title template.HTML
	Chart chart
}

func rounded(n float64) float64 { return math.Round(n*10) / 10 }

// longestMonth is how many days a month has at most.
const longestMonth = 31

// dayChart shows what each day cost.
func dayChart(days []allocator.DaySpending) chart {
	var bars []bar
	for _, d := range days {
		bars = append(bars, bar{Label: d.Begin.Format("2"), USD: d.USD, Begin: d.Begin})
	}
	return newChart(bars, longestMonth, 2, 0)
}

// fewestMonths are shown, also where nothing was spent in the first of them.
const fewestMonths = 6

// monthChart shows what each month cost, the oldest first, and what may be spent.
func monthChart(months []allocator.MonthCost, budget float64) chart {
	for len(months) > fewestMonths && months[len(months)-1].USD == 0 {
		months = months[:len(months)-1]
	}
	var bars []bar
	for i := len(months) - 1; i >= 0; i-- {
		m := months[i]
		b := bar{Label: m.Begin.Format("2006-01"), USD: m.USD, Begin: m.Begin, Query: m.Begin.Format(monthForm)}
		if m.AtEnd > m.USD+0.005 {
			b.Forecast = m.AtEnd
		}
		bars = append(bars, b)
	}
	return newChart(bars, len(bars), 1+len(bars)/12, budget)
}
