package cloud

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// What an hour costs here is what LabLink says that it costs.
func TestTheCatalogHasTheOnePrice(t *testing.T) {
	var things []price.Thing
	for _, kind := range instanceTypes {
		things = append(things, price.Instance(kind.Name))
	}
	table, n := price.Ask(t.Context(), "us-west-2", things, price.Table{}), 0
	for _, kind := range instanceTypes {
		if strings.HasPrefix(kind.Name, "sim.") {
			continue
		}
		n++
		p, ok := table.Price(price.Instance(kind.Name))
		assert.True(t, ok, kind.Name)
		assert.Equal(t, p.USD, kind.HourlyUSD, kind.Name)
	}
	assert.Greater(t, n, 5)
}
