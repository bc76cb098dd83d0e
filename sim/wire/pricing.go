package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// pricingRegion is the one, of three that AWS has, where the price list is asked
// here.
const pricingRegion = "us-east-1"

// pricingCalls are the calls of the price list that there are.
var pricingCalls = map[string]func(*Server, call) (any, error){"GetProducts": (*Server).getProducts}

// pricing answers from the part of the price list that the account knows.
func (s *Server) pricing(w http.ResponseWriter, c call) {
	if s.account.Faults().PricesHang {
		<-c.Context().Done()
		return
	}
	name := strings.TrimPrefix(c.Header.Get("X-Amz-Target"), "AWSPriceListService.")
	do, ok := pricingCalls[name]
	if !ok {
		fail(w, c.service, &cloud.Error{Code: "UnknownOperationException", Message: "the simulator does not have " + c.Header.Get("X-Amz-Target"), Status: 400})
		return
	}
	out, err := do(s, c)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

type productFilter struct{ Type, Field, Value string }

// lets reports whether a product passes.
func (f productFilter) lets(p cloud.Product) bool {
	v, has := p.Attribute(f.Field)
	switch f.Type {
	case "TERM_MATCH", "EQUALS":
		return has && v == f.Value
	case "CONTAINS":
		return has && strings.Contains(v, f.Value)
	}
	return false
}

func invalidParameter(format string, args ...any) error {
	return &cloud.Error{Code: "InvalidParameterException", Message: fmt.Sprintf(format, args...), Status: 400}
}

// getProducts lists the products of a service that all filters let through.
func (s *Server) getProducts(c call) (any, error) {
	in := struct {
		ServiceCode, FormatVersion, NextToken string
		MaxResults                            int
		Filters                               []productFilter
	}{MaxResults: 100}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400}
	}
	if err := s.account.Authorize(c.who, "pricing:GetProducts", "*", nil); err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(s.account.Products(), func(p cloud.Product) bool { return p.Service != in.ServiceCode })
	switch {
	case in.FormatVersion != "" && in.FormatVersion != "aws_v1":
		return nil, invalidParameter("Format version %s is not supported", in.FormatVersion)
	case in.MaxResults < 1 || in.MaxResults > 100:
		return nil, invalidParameter("MaxResults must be between 1 and 100")
	case len(found) == 0:
		return nil, &cloud.Error{Code: "NotFoundException", Message: "Service " + in.ServiceCode + " was not found", Status: 400}
	}
	for _, f := range in.Filters {
		if !slices.Contains([]string{"TERM_MATCH", "EQUALS", "CONTAINS"}, f.Type) {
			return nil, invalidParameter("The simulator does not model filters of type %s", f.Type)
		}
		if !slices.ContainsFunc(found, func(p cloud.Product) bool { _, has := p.Attribute(f.Field); return has }) {
			return nil, invalidParameter("The simulator does not model the field %s of %s", f.Field, in.ServiceCode)
		}
	}
	found = slices.DeleteFunc(found, func(p cloud.Product) bool {
		return slices.ContainsFunc(in.Filters, func(f productFilter) bool { return !f.lets(p) })
	})
	return page(found, in.NextToken, in.MaxResults)
}

// page is a part of what was found, from where the one before ended.
func page(found []cloud.Product, token string, most int) (any, error) {
	begin := 0
	if token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(found) {
			return nil, &cloud.Error{Code: "InvalidNextTokenException", Message: "The next token is not valid", Status: 400}
		}
		begin = n
	}
	end := min(begin+most, len(found))
	out := map[string]any{"FormatVersion": "aws_v1", "PriceList": priceList(found[begin:end])}
	if end < len(found) {
		out["NextToken"] = strconv.Itoa(end)
	}
	return out, nil
}
