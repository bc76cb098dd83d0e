package cloud

import (
	"maps"
	"strings"
)

// Tagged are a resource's own tags, and with the provider's default tags.
type Tagged struct {
	Tags    map[string]string `json:"tags,omitempty"`
	TagsAll map[string]string `json:"tagsAll,omitempty"`
}

func (t *Tagged) settle() error {
	for k, v := range t.Tags {
		switch {
		case strings.HasPrefix(k, "aws:"):
			return refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case len(k) == 0 || len(k) > 128 || len(v) > 256:
			return refuse("InvalidParameterValue", "Tag key or value is too long: %s", k)
		}
	}
	if len(t.Tags) > 50 {
		return refuse("TagLimitExceeded", "The maximum number of tags is 50")
	}
	t.TagsAll = t.Tags
	return nil
}

// TagInstances sets tags, replacing those of the same key, on all or none.
func (a *Account) TagInstances(ids []string, tags map[string]string) error {
	return a.change(func(m *model) error {
		all := map[string]Tagged{}
		for _, id := range ids {
			i, err := instances.get(m, id)
			if err != nil {
				return err
			}
			t := Tagged{Tags: map[string]string{}}
			maps.Copy(t.Tags, i.Tags)
			maps.Copy(t.Tags, tags)
			if err := t.settle(); err != nil {
				return err
			}
			all[id] = t
		}
		for id, t := range all {
			m.Instances[id].Tagged = t
		}
		return nil
	})
}
