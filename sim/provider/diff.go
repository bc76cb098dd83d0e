package provider

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// diff compares old with new inputs, but for what is to be ignored: the engine
// leaves that to the provider when it compares what a refresh has read.
func (k kind) diff(a *cloud.Account, olds, news resource.PropertyMap, ignored []string) *pulumirpc.DiffResponse {
	replacing := k.Replace
	if k.Also != nil {
		replacing = slices.Concat(replacing, k.Also(a, olds, news))
	}
	res := &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true,
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{},
	}
	changes := without(olds, generated).Diff(without(news, generated))
	for path, d := range plugin.NewDetailedDiffFromObjectDiff(changes, true) {
		if within(path, ignored) || k.stays(path, olds, news) {
			continue
		}
		res.Changes = pulumirpc.DiffResponse_DIFF_SOME
		top, _, _ := strings.Cut(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
		if !slices.Contains(res.Diffs, top) {
			res.Diffs = append(res.Diffs, top)
		}
		if k.replaces(path, replacing) {
			d = d.ToReplace()
			res.Replaces = append(res.Replaces, path)
		}
		res.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_Kind(d.Kind), InputDiff: true} //nolint:gosec // one of six
	}
	// With a name given by hand, old and new cannot both exist, unless it is
	// the name itself that changes.
	nameChanges := slices.Contains(res.Diffs, k.Name.Property)
	res.DeleteBeforeReplace = len(res.Replaces) > 0 && (k.DeleteFirst || k.Name.namedByHand(news) && !nameChanges)
	slices.Sort(res.Diffs)
	slices.Sort(res.Replaces)
	return res
}

// stays reports whether an input that differs is none that changes anything.
func (k kind) stays(path string, olds, news resource.PropertyMap) bool {
	key := resource.PropertyKey(path)
	return slices.Contains(k.Stays, path) && !news.HasValue(key) || slices.Contains(k.Alike, path) && same(news[key], olds[key])
}

func (k kind) replaces(path string, replacing []string) bool {
	return k.update == nil || within(path, replacing)
}

// within reports whether a path is one of those given, or leads into one.
func within(path string, given []string) bool {
	return slices.ContainsFunc(given, func(g string) bool {
		return path == g || strings.HasPrefix(path, g+".") || strings.HasPrefix(path, g+"[")
	})
}

func without(m resource.PropertyMap, key resource.PropertyKey) resource.PropertyMap {
	out := m.Copy()
	delete(out, key)
	return out
}

// same reports whether the provider takes what the account shows for what was
// written: AWS shows an issuer's URL without its scheme, and within an object
// what was not written is for AWS to choose.
func same(written, shown resource.PropertyValue) bool {
	switch {
	case written.IsString() && shown.IsString():
		return strings.TrimPrefix(written.StringValue(), "https://") == strings.TrimPrefix(shown.StringValue(), "https://")
	case written.IsArray() && shown.IsArray():
		return slices.EqualFunc(written.ArrayValue(), shown.ArrayValue(), same)
	case written.IsObject() && shown.IsObject():
		object := shown.ObjectValue()
		for key, v := range written.ObjectValue() {
			if now, ok := object[key]; ok && !same(v, now) || !ok && !zero(v) {
				return false
			}
		}
		return true
	}
	return written.DeepEquals(shown)
}

// zero reports whether a value is what an account leaves out.
func zero(v resource.PropertyValue) bool {
	return v.IsNull() || v.IsString() && v.StringValue() == "" || v.IsBool() && !v.BoolValue() || v.IsNumber() && v.NumberValue() == 0
}
