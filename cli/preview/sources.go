package preview

import (
	"fmt"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// sources says where each price of the comment comes from, and why that is not
// AWS itself.
func (p *Preview) sources(q price.Quote) string {
	var out []string
	for n, part := range q.Parts(p.Things()) {
		if n == 0 {
			out = append(out, fmt.Sprintf("Prices are those on demand, for Linux, in USD and without tax, from %s.", part.From))
			continue
		}
		out = append(out, fmt.Sprintf("Those of %s are from %s.", join(part.Things), part.From))
	}
	for _, err := range q.Refused() {
		out = append(out, err.Error()+".")
	}
	return strings.Join(out, " ")
}

func join(things []price.Thing) string {
	var out []string
	for _, t := range things {
		out = append(out, string(t))
	}
	return strings.Join(out, ", ")
}

// byUse is what is paid for by use, with its price.
func (p *Preview) byUse(q price.Quote) string {
	var out []string
	for _, t := range p.usedThings() {
		found, ok := q.Price(t)
		if !ok {
			out = append(out, string(t)+" (price not known)")
			continue
		}
		out = append(out, fmt.Sprintf("%s $%.4g per %s", t, found.USD, found.Per))
	}
	return strings.Join(out, ", ")
}
