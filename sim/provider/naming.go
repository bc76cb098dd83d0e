package provider

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// generated marks the inputs that the provider made up, as its own state does.
const generated = "__defaults"

// nameIt fills in a generated name: the logical name and seven random digits.
// A resource keeps the name it has.
func (n autoname) nameIt(urn resource.URN, olds, news resource.PropertyMap, seed []byte) *failure {
	key := resource.PropertyKey(n.Property)
	if n.Property == "" || news.HasValue(key) {
		return nil
	}
	defaults := resource.NewArrayProperty([]resource.PropertyValue{resource.NewStringProperty(n.Property)})
	if old, ok := olds[key]; ok && olds.HasValue(generated) {
		news[key], news[generated] = old, defaults
		return nil
	}
	name := urn.Name()
	if !n.Exact {
		limit := n.Max
		if limit == 0 {
			limit = 255
		}
		if !n.Joined {
			name += "-"
		}
		if len(name)+7 > limit {
			return &failure{n.Property, fmt.Sprintf("could not make instance of '%s': name '%s' plus 7 random chars is longer than maximum length %d", urn.Type(), name, limit)}
		}
		name += randomHex(seed)
	}
	news[key], news[generated] = resource.NewStringProperty(name), defaults
	return nil
}

// randomHex derives seven digits from the engine's seed, so that a preview and
// the update after it agree.
func randomHex(seed []byte) string {
	if len(seed) == 0 {
		seed = make([]byte, 8)
		_, _ = rand.Read(seed) // never fails
	}
	sum := sha256.Sum256(seed)
	return hex.EncodeToString(sum[:])[:7]
}

// namedByHand reports whether the name was given, so that a replacement cannot
// exist beside the old resource.
func (n autoname) namedByHand(in resource.PropertyMap) bool {
	return n.Property != "" && in.HasValue(resource.PropertyKey(n.Property)) && !in.HasValue(generated)
}
