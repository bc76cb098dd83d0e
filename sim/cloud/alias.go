package cloud

import (
	"regexp"
	"strings"
)

// Alias is aws:kms/alias:Alias.
type Alias struct {
	ID          string `json:"id"` // its name
	Name        string `json:"name"`
	TargetKeyID string `json:"targetKeyId"`
	aliasComputed
}

type aliasComputed struct {
	ARN          string `json:"arn"`
	TargetKeyARN string `json:"targetKeyArn"`
}

var aliasName = regexp.MustCompile(`^alias/[0-9A-Za-z_/-]+$`)

// CreateAlias names a key.
func (a *Account) CreateAlias(x *Alias) error {
	return a.change(func(m *model) error {
		if !aliasName.MatchString(x.Name) || len(x.Name) > 256 || strings.HasPrefix(x.Name, "alias/aws/") {
			return refuse("InvalidAliasNameException", "Alias name %s is not valid", x.Name)
		}
		if m.Aliases[x.Name] != nil {
			return refuse("AlreadyExistsException", "An alias with the name %s already exists", a.arn("kms", x.Name))
		}
		x.ID, x.ARN = x.Name, a.arn("kms", x.Name)
		if err := x.point(m); err != nil {
			return err
		}
		m.Aliases.keep(x.Name, x)
		return nil
	})
}

func (x *Alias) point(m *model) error {
	k, err := keys.get(m, x.TargetKeyID[strings.LastIndex(x.TargetKeyID, "/")+1:])
	if err != nil {
		return err
	}
	if k.PendingDeletion {
		return pendingDeletion(k)
	}
	x.TargetKeyARN = k.ARN
	return nil
}

// Alias returns one alias.
func (a *Account) Alias(name string) (*Alias, error) { return aliases.lookup(a, name) }

// UpdateAlias points the alias at another key.
func (a *Account) UpdateAlias(name string, x *Alias) error {
	return aliases.update(a, name, x, func(m *model, cur *Alias) error {
		x.ID, x.Name, x.ARN = cur.ID, cur.Name, cur.ARN
		return x.point(m)
	})
}

// DeleteAlias removes the name.
func (a *Account) DeleteAlias(name string) error { return aliases.remove(a, name, nil) }
