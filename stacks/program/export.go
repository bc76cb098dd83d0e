package program

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// export makes values the outputs of a stack whose contract is T. Every field
// of T must be there, and nothing else.
func export[T any](ctx *pulumi.Context, values pulumi.Map) error {
	missing := contractFields(reflect.TypeFor[T]())
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !missing[name] {
			return fmt.Errorf("output %q is not in the contract", name)
		}
		delete(missing, name)
		ctx.Export(name, values[name])
	}
	if len(missing) > 0 {
		return fmt.Errorf("outputs %v of the contract have no value", slices.Sorted(maps.Keys(missing)))
	}
	return nil
}

func contractFields(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		out[f.Tag.Get("json")] = true
	}
	return out
}
