package recording

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Record is one resource as it was registered.
type Record struct {
	Type, Name string
	// Parent is the name of the resource that it belongs to; empty for what
	// belongs to the stack itself.
	Parent string
	// Custom is false for components, which group resources and are none.
	Custom bool
	// Protect refuses deletion, RetainOnDelete leaves the thing where it is.
	Protect, RetainOnDelete bool
	// DeleteBeforeReplace ends the old one before there is a new one.
	DeleteBeforeReplace bool
	IgnoreChanges       []string
	// ImportID is the id of what is taken over instead of made; empty: it is made.
	ImportID string
	// DependsOn are the names of the resources that must exist before this one.
	DependsOn []string
	Inputs    resource.PropertyMap
}

func newRecord(args pulumi.MockResourceArgs) Record {
	rpc := args.RegisterRPC
	r := Record{
		Type: args.TypeToken, Name: args.Name, Custom: args.Custom, Inputs: args.Inputs,
		Protect: rpc.GetProtect(), RetainOnDelete: rpc.GetRetainOnDelete(),
		DeleteBeforeReplace: rpc.GetDeleteBeforeReplace(), IgnoreChanges: rpc.GetIgnoreChanges(),
		ImportID: rpc.GetImportId(),
	}
	if parent := resource.URN(rpc.GetParent()); parent != "" && parent.QualifiedType() != resource.RootStackType {
		r.Parent = parent.Name()
	}
	for _, urn := range rpc.GetDependencies() {
		r.DependsOn = append(r.DependsOn, resource.URN(urn).Name())
	}
	return r
}

// Get is the input at a path such as "metadataOptions.httpTokens" or
// "rules[0].status", as plain Go values with secrets uncovered; nil when there
// is none.
func (r Record) Get(path string) any {
	p, err := resource.ParsePropertyPath(path)
	if err != nil {
		return nil
	}
	v, ok := p.Get(plain(resource.NewProperty(r.Inputs)))
	if !ok {
		return nil
	}
	return v.Mappable()
}

// Text is the text at a path; empty when there is none.
func (r Record) Text(path string) string {
	s, _ := r.Get(path).(string)
	return s
}

// Secret reports whether the top-level input is marked secret.
func (r Record) Secret(name string) bool { return r.Inputs[resource.PropertyKey(name)].IsSecret() }

// Module is the first part of the type: "aws", "lablink" or "pulumi".
func (r Record) Module() string {
	module, _, _ := strings.Cut(r.Type, ":")
	return module
}

// plain uncovers secrets.
func plain(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return plain(v.SecretValue().Element)
	case v.IsArray():
		out := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			out[i] = plain(e)
		}
		return resource.NewProperty(out)
	case v.IsObject():
		out := resource.PropertyMap{}
		for k, e := range v.ObjectValue() {
			out[k] = plain(e)
		}
		return resource.NewProperty(out)
	}
	return v
}
