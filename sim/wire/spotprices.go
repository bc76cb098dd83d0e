package wire

import (
	"fmt"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type spotPriceXML struct {
	Type    string `xml:"instanceType"`
	Product string `xml:"productDescription"`
	Price   string `xml:"spotPrice"`
	Since   string `xml:"timestamp"`
	Zone    string `xml:"availabilityZone"`
}

// describeSpotPriceHistory tells what types cost on the spot market at a moment:
// one row for each zone that offers a type.
func (s *Server) describeSpotPriceHistory(c call, q *query) (any, error) {
	if err := s.authorize(c, "ec2:DescribeSpotPriceHistory", nil, "*"); err != nil {
		return nil, err
	}
	types, systems, start, end := q.list("InstanceType"), q.list("ProductDescription"), q.get("StartTime"), q.get("EndTime")
	if err := q.rest(); err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, start)
	switch {
	case err != nil || start != end:
		return nil, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator tells spot prices of one moment, where StartTime and EndTime are the same", Status: 400}
	case len(types) == 0:
		return nil, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator tells spot prices of the types that are named", Status: 400}
	case !slices.Equal(systems, []string{"Linux/UNIX"}):
		return nil, &cloud.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf("The simulator tells spot prices of Linux/UNIX, not of %v", systems), Status: 400}
	}
	out := struct {
		response
		Prices []spotPriceXML `xml:"spotPriceHistorySet>item"`
		Next   string         `xml:"nextToken"`
	}{response: newResponse()}
	for _, o := range s.account.Offerings(types) {
		if usd := s.account.SpotPrice(o); usd > 0 {
			since := at.Truncate(24 * time.Hour).UTC().Format(time.RFC3339)
			out.Prices = append(out.Prices, spotPriceXML{o.InstanceType, "Linux/UNIX", fmt.Sprintf("%.6f", usd), since, o.Zone})
		}
	}
	return out, nil
}
