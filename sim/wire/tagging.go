package wire

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// taggedPage is how many resources an answer holds where the call does not say.
const taggedPage = 50

type tagFilter struct {
	Key    string
	Values []string
}

// resourcesInput is what GetResources takes.
type resourcesInput struct {
	TagFilters       []tagFilter
	ResourcesPerPage int
	PaginationToken  string
}

// tagging answers GetResources, of the tagging API.
func (s *Server) tagging(w http.ResponseWriter, c call) {
	out, err := s.getResources(c)
	if err != nil {
		fail(w, c.service, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) getResources(c call) (any, error) {
	if target := c.Header.Get("X-Amz-Target"); target != "ResourceGroupsTaggingAPI_20170126.GetResources" {
		return nil, &cloud.Error{Code: "UnknownOperationException", Message: "the simulator does not have " + target, Status: 400}
	}
	var in resourcesInput
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, &cloud.Error{Code: "SerializationException", Message: err.Error(), Status: 400}
	}
	if err := s.account.Authorize(c.who, "tag:GetResources", "*", nil); err != nil {
		return nil, err
	}
	from, size, err := in.page()
	if err != nil {
		return nil, err
	}
	type tag struct{ Key, Value string }
	type mapping struct {
		ResourceARN string
		Tags        []tag
	}
	found := []mapping{}
	for _, t := range s.account.Things() {
		if !in.fits(t.Tags) {
			continue
		}
		m := mapping{ResourceARN: t.ARN}
		for _, k := range slices.Sorted(maps.Keys(t.Tags)) {
			m.Tags = append(m.Tags, tag{k, t.Tags[k]})
		}
		found = append(found, m)
	}
	next, from := "", min(from, len(found))
	if end := from + size; end < len(found) {
		found, next = found[:end], strconv.Itoa(end)
	}
	return map[string]any{"ResourceTagMappingList": found[from:], "PaginationToken": next}, nil
}

// page is where the answer begins, and how much it holds.
func (in resourcesInput) page() (from, size int, err error) {
	size = taggedPage
	if in.ResourcesPerPage != 0 {
		size = in.ResourcesPerPage
	}
	if size < 1 || size > 100 {
		return 0, 0, &cloud.Error{Code: "InvalidParameterException", Message: "ResourcesPerPage must be between 1 and 100", Status: 400}
	}
	if in.PaginationToken == "" {
		return 0, size, nil
	}
	if from, err = strconv.Atoi(in.PaginationToken); err != nil || from < 0 {
		return 0, 0, &cloud.Error{Code: "PaginationTokenExpiredException", Message: "The pagination token is not one that was given", Status: 400}
	}
	return from, size, nil
}

// fits reports whether tags are what all filters want: a key with one of its values,
// or with any where it names none.
func (in resourcesInput) fits(tags map[string]string) bool {
	for _, f := range in.TagFilters {
		if have, ok := tags[f.Key]; !ok || len(f.Values) > 0 && !slices.Contains(f.Values, have) {
			return false
		}
	}
	return true
}
