package cloud

import (
	"cmp"
	"crypto/rand"

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
	Material        []byte `json:"material"` // what it encrypts with; nobody is shown it
}

// CreateKey makes a key.
func (a *Account) CreateKey(k *Key) error {
	return a.change(func(m *model) error {
		if k.Policy == "" {
			k.Policy = `{"Id":"key-default-1","Statement":[{"Action":"kms:*","Effect":"Allow","Principal":{"AWS":"` + a.iamARN("root") + `"},"Resource":"*","Sid":"Enable IAM User Permissions"}],"Version":"2012-10-17"}`
		}
		if err := a.checkKey(k); err != nil {
			return err
		}
		k.ID = hexDigits(8) + "-" + hexDigits(4) + "-" + hexDigits(4) + "-" + hexDigits(4) + "-" + hexDigits(12)
		k.keyComputed = keyComputed{
			ARN: a.arn("kms", "key/"+k.ID), KeyID: k.ID, KeyUsage: "ENCRYPT_DECRYPT", Material: make([]byte, dataKeyBytes),
		}
		_, _ = rand.Read(k.Material) // never fails
		m.Keys.keep(k.ID, k)
		return nil
	})
}

func (a *Account) checkKey(k *Key) error {
	if w := k.DeletionWindowInDays; w != 0 && (w < 7 || w > 30) {
		return refuse("ValidationException", "expected deletion_window_in_days to be in the range (7 - 30), got %d", w)
	}
	if len(k.Description) > 8192 {
		return refuse("ValidationException", "The description of a key is at most 8192 characters long")
	}
	d, err := iam.Parse(k.Policy, iam.Resource)
	if err != nil {
		return refuse("MalformedPolicyDocumentException", "%s", err)
	}
	again := iam.Request{PrincipalType: "AWS", Principal: a.iamARN(developer), Action: "kms:PutKeyPolicy", Resource: cmp.Or(k.ARN, "*")}
	if iam.Evaluate(again, d) != iam.Allowed {
		return refuse("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
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
		if cur.PendingDeletion {
			return pendingDeletion(cur)
		}
		k.ID, k.keyComputed = id, cur.keyComputed
		return a.checkKey(k)
	})
}

func pendingDeletion(k *Key) error {
	return refuse("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
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
