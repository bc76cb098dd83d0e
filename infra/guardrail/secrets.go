package guardrail

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// secretsAreHidden wants parameters of secrets encrypted and their values marked,
// and finds what is marked anywhere in all that is not, user data included.
func secretsAreHidden(s Stack) []string {
	var out, secrets []string
	hold := func(text string) {
		if text != "" {
			secrets = append(secrets, text)
		}
	}
	for _, r := range s.Records {
		if plainParameter(r) {
			if strings.HasPrefix(r.Text("name"), s.Namer.ParameterPath(host.SecretsName)) {
				out = append(out, r.Name+" is not encrypted")
			}
			continue
		}
		if r.Type == parameter && !r.Secret("value") {
			out = append(out, r.Name+" holds a value that is not marked secret")
		}
		texts(resource.NewProperty(r.Inputs), hold, func(string) {})
	}
	for _, o := range s.Outputs {
		if text, ok := o.Value.(string); ok && o.Secret {
			hold(text)
		}
	}
	shows := func(text string) bool {
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			text += "\n" + string(decoded)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				return true
			}
		}
		return false
	}
	for _, r := range s.Records {
		found := false
		texts(resource.NewProperty(r.Inputs), func(string) {}, func(text string) { found = found || shows(text) })
		if found || plainParameter(r) && shows(r.Text("value")) {
			out = append(out, r.Name+" shows a secret")
		}
	}
	for name, o := range s.Outputs {
		if !o.Secret && shows(fmt.Sprint(o.Value)) {
			out = append(out, "the output "+name+" shows a secret")
		}
	}
	return out
}

// plainParameter reports whether a parameter is not encrypted. The SDK marks the
// value of every parameter as a secret; of these it is none.
func plainParameter(r recording.Record) bool {
	return r.Type == parameter && r.Text("type") != "SecureString"
}

// texts visits the texts of a value, those that are marked secret apart.
func texts(v resource.PropertyValue, secret, open func(string)) {
	switch {
	case v.IsSecret():
		texts(v.SecretValue().Element, secret, secret)
	case v.IsString():
		open(v.StringValue())
	case v.IsArray():
		for _, e := range v.ArrayValue() {
			texts(e, secret, open)
		}
	case v.IsObject():
		for _, e := range v.ObjectValue() {
			texts(e, secret, open)
		}
	}
}
