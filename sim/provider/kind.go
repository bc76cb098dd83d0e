package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// kind is one type of resource.
type kind struct {
	inputs   map[string]property // what pulumi-aws accepts
	outputs  map[string]property // what pulumi-aws shows
	modelled map[string]bool     // what the account knows of it
	traits

	create func(a *cloud.Account, urn string, in resource.PropertyMap) (id string, err error)
	read   func(*cloud.Account, string) (resource.PropertyMap, error)
	update func(*cloud.Account, string, resource.PropertyMap) error
	remove func(*cloud.Account, string) error
}

// traits are what the types of pulumi-aws do not say.
type traits struct {
	Replace []string // inputs whose change replaces the resource; a.b reaches into an object
	// Also are further inputs whose change replaces, given the other inputs.
	Also    func(a *cloud.Account, olds, news resource.PropertyMap) []string
	Name    autoname
	Secret  []string // outputs that are always secret
	Changes []string // outputs that an update in place changes
	// Stays are inputs that AWS also decides on: to leave one out that was set is no
	// change, and what it was stays.
	Stays []string
	// Alike are inputs that AWS shows in another form, as an import reads them: that
	// is no change.
	Alike []string
	// DeleteFirst is set where the provider itself replaces by deleting first.
	DeleteFirst bool
	// Content are the inputs that the account keeps elsewhere than in its model.
	Content []string
	// ImportID turns an id as people write it for an import into the
	// resource's own, and leaves others as they are. nil: it is the same.
	ImportID func(*cloud.Account, string) string
}

// autoname says which input gets a generated name when it is left out.
type autoname struct {
	Property string
	Max      int  // the longest name; 0: 255
	Exact    bool // the logical name itself, with no random suffix
	Joined   bool // no dash before the random suffix
}

// operations are what an account does for a kind; T decodes from the inputs
// and encodes to the outputs.
type operations[T any] struct {
	Create func(*cloud.Account, *T) error
	Read   func(*cloud.Account, string) (*T, error)
	Update func(*cloud.Account, string, *T) error // nil: every input replaces
	Delete func(*cloud.Account, string) error
}

// define describes a kind from pulumi-aws's types for its inputs and outputs.
func define[T any](inputs, outputs any, t traits, op operations[T]) kind {
	k := kind{
		inputs: properties(elementOf(inputs)), outputs: properties(reflect.TypeOf(outputs)),
		modelled: jsonNames(reflect.TypeFor[T]()), traits: t,
		remove: op.Delete,
	}
	k.create = func(a *cloud.Account, urn string, in resource.PropertyMap) (string, error) {
		v, err := decode[T](in, k.Content)
		if err != nil {
			return "", err
		}
		if err := op.Create(a.Recording(urn, func() string { return idOf(v) }), v); err != nil {
			return "", err
		}
		return idOf(v), nil
	}
	k.read = func(a *cloud.Account, id string) (resource.PropertyMap, error) {
		v, err := op.Read(a, id)
		if err != nil {
			return nil, err
		}
		return k.show(v)
	}
	if op.Update != nil {
		k.update = func(a *cloud.Account, id string, in resource.PropertyMap) error {
			v, err := decode[T](in, k.Content)
			if err != nil {
				return err
			}
			return op.Update(a, id, v)
		}
	}
	return k
}

func elementOf(args any) reflect.Type {
	return args.(interface{ ElementType() reflect.Type }).ElementType()
}

// decode reads inputs into an account's type; an unknown property is refused.
func decode[T any](in resource.PropertyMap, content []string) (*T, error) {
	plain := in.Mappable()
	for key := range plain {
		if slices.Contains(content, key) || resource.IsInternalPropertyKey(resource.PropertyKey(key)) {
			delete(plain, key)
		}
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("encode inputs: %w", err)
	}
	v := new(T)
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return nil, fmt.Errorf("the simulator does not model this: %w", err)
	}
	return v, nil
}

func idOf(v any) string {
	return reflect.ValueOf(v).Elem().FieldByName("ID").String()
}

// show encodes an account's value as the outputs that pulumi-aws has.
func (k kind) show(v any) (resource.PropertyMap, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode outputs: %w", err)
	}
	var plain map[string]any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return nil, fmt.Errorf("encode outputs: %w", err)
	}
	out := resource.PropertyMap{}
	for key, value := range resource.NewPropertyMapFromMap(plain) {
		if _, known := k.outputs[string(key)]; known {
			out[key] = value
		}
	}
	for _, key := range k.Secret {
		if value, ok := out[resource.PropertyKey(key)]; ok {
			out[resource.PropertyKey(key)] = resource.MakeSecret(value)
		}
	}
	return out, nil
}

// Unmodelled tells what the simulator does not know of a resource: its type, or
// inputs by their names.
func Unmodelled(typ string, inputs resource.PropertyMap) []string {
	k, ok := join(kinds, cloudflareKinds)[typ]
	if !ok {
		return []string{typ}
	}
	var out []string
	for key := range inputs {
		if name := string(key); !k.modelled[name] && !slices.Contains(k.Content, name) {
			out = append(out, typ+"."+name)
		}
	}
	return out
}

// UnmodelledFunction reports whether the simulator does not know a function.
func UnmodelledFunction(token string) bool {
	_, aws := functions[token]
	_, cloudflare := cloudflareFunctions[token]
	return !aws && !cloudflare
}
