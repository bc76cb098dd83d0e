package cloud

import (
	"regexp"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// Key is aws:kms/key:Key, symmetric.
type Key struct {
	ID                   string `json:"id"`
	Description          string `json:"description,omitempty"`
	EnableKeyRotation    bool   `json:"enableKeyRotation,omitempty"`
	DeletionWindowInDays int    `json:"deletionWindowInDays,omitempty"`
	Policy               string `json:"policy,omitempty"`
	Tagged
	keyComputed
}

type keyComputed struct {
	ARN             string `json:"arn"`
	KeyID           string `json:"keyId"`
	KeyUsage        string `json:"keyUsage"`
	PendingDeletion bool   `json:"pendingDeletion"`
}

// CreateKey makes a key.
func (a *Account) CreateKey(k *Key) error {
	return a.change(func(m *model) error {
		if err := k.check(); err != nil {
			return err
		}
		if k.Policy == "" {
			k.Policy = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"EnableIAMUserPermissions","Effect":"Allow","Principal":{"AWS":"` + a.iamARN("root") + `"},"Action":"kms:*","Resource":"*"}]}`
		}
		k.ID = hexDigits(8) + "-" + hexDigits(4) + "-" + hexDigits(4) + "-" + hexDigits(4) + "-" + hexDigits(12)
		k.keyComputed = keyComputed{ARN: a.arn("kms", "key/"+k.ID), KeyID: k.ID, KeyUsage: "ENCRYPT_DECRYPT"}
		m.Keys[k.ID] = k
		return nil
	})
}

func (k *Key) check() error {
	if w := k.DeletionWindowInDays; w != 0 && (w < 7 || w > 30) {
		return refuse("ValidationException", "expected deletion_window_in_days to be in the range (7 - 30), got %d", w)
	}
	if k.Policy != "" {
		if _, err := iam.Parse(k.Policy, iam.Resource); err != nil {
			return refuse("MalformedPolicyDocumentException", "%s", err)
		}
	}
	return k.settle()
}

// Key returns one key; one that is scheduled for deletion counts as gone.
func (a *Account) Key(id string) (*Key, error) {
	k, err := keys.lookup(a, id)
	if err == nil && k.PendingDeletion {
		return nil, refuse("NotFoundException", "Key '%s' does not exist", k.ARN)
	}
	return k, err
}

// UpdateKey changes everything.
func (a *Account) UpdateKey(id string, k *Key) error {
	return keys.update(a, id, k, func(_ *model, cur *Key) error {
		if k.Policy == "" {
			k.Policy = cur.Policy
		}
		k.ID, k.keyComputed = id, cur.keyComputed
		return k.check()
	})
}

// DeleteKey schedules the deletion; aliases stay.
func (a *Account) DeleteKey(id string) error {
	return a.change(func(m *model) error {
		k, err := keys.get(m, id)
		if err == nil {
			k.PendingDeletion = true
		}
		return err
	})
}

// Alias is aws:kms/alias:Alias.
type Alias struct {
	ID           string `json:"id"` // its name
	Name         string `json:"name"`
	TargetKeyID  string `json:"targetKeyId"`
	ARN          string `json:"arn"`
	TargetKeyARN string `json:"targetKeyArn"`
}

var aliasName = regexp.MustCompile(`^alias/[0-9A-Za-z_/-]+$`)

// CreateAlias names a key.
func (a *Account) CreateAlias(x *Alias) error {
	return a.change(func(m *model) error {
		if !aliasName.MatchString(x.Name) || strings.HasPrefix(x.Name, "alias/aws/") {
			return refuse("InvalidAliasNameException", "Alias name %s is not valid", x.Name)
		}
		if m.Aliases[x.Name] != nil {
			return refuse("AlreadyExistsException", "An alias with the name %s already exists", a.arn("kms", x.Name))
		}
		x.ID, x.ARN = x.Name, a.arn("kms", x.Name)
		if err := x.point(m); err != nil {
			return err
		}
		m.Aliases[x.Name] = x
		return nil
	})
}

func (x *Alias) point(m *model) error {
	k, err := keys.get(m, x.TargetKeyID[strings.LastIndex(x.TargetKeyID, "/")+1:])
	if err != nil {
		return err
	}
	x.TargetKeyARN = k.ARN
	return nil
}

// Alias returns one alias.
func (a *Account) Alias(name string) (*Alias, error) { return aliases.lookup(a, name) }

// UpdateAlias points the alias at another key.
func (a *Account) UpdateAlias(name string, x *Alias) error {
	return aliases.update(a, name, x, func(m *model, cur *Alias) error {
		x.ID, x.ARN = cur.ID, cur.ARN
		return x.point(m)
	})
}

// DeleteAlias removes the name.
func (a *Account) DeleteAlias(name string) error { return aliases.remove(a, name, nil) }
