package cloud

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// KeyUse is one use of a key: by whom, with which context, and through which
// service, where it is not the caller's own call.
type KeyUse struct {
	By      Principal
	Context map[string]string // what encryption and decryption must agree on
	Via     string            // for example s3.us-west-2.amazonaws.com
}

const (
	dataKeyBytes  = 32   // AES-256
	maxPlaintext  = 4096 // bytes, of Encrypt
	blobVersion   = 1
	keyIDLength   = 36
	blobOverhead  = 1 + keyIDLength
	keyNotFound   = "NotFoundException"
	badCiphertext = "InvalidCiphertextException"
)

// Encrypt encrypts up to 4 096 bytes with a key.
func (a *Account) Encrypt(key string, plain []byte, u KeyUse) (blob []byte, used *Key, err error) {
	if len(plain) == 0 || len(plain) > maxPlaintext {
		return nil, nil, refuse("ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to %d", maxPlaintext)
	}
	if used, err = a.useKey("kms:Encrypt", key, u); err != nil {
		return nil, nil, err
	}
	blob, err = used.seal(plain, u.Context)
	return blob, used, err
}

// GenerateDataKey makes a key of 32 bytes and encrypts it.
func (a *Account) GenerateDataKey(key string, u KeyUse) (plain, blob []byte, used *Key, err error) {
	if used, err = a.useKey("kms:GenerateDataKey", key, u); err != nil {
		return nil, nil, nil, err
	}
	plain = make([]byte, dataKeyBytes)
	_, _ = rand.Read(plain) // never fails
	blob, err = used.seal(plain, u.Context)
	return plain, blob, used, err
}

// Decrypt finds the key in what was encrypted; key is "" or the one it must be.
func (a *Account) Decrypt(key string, blob []byte, u KeyUse) (plain []byte, used *Key, err error) {
	invalid := refuse(badCiphertext, "")
	if len(blob) < blobOverhead || blob[0] != blobVersion {
		return nil, nil, invalid
	}
	id := string(blob[1:blobOverhead])
	if _, err := keys.lookup(a, id); err != nil {
		return nil, nil, invalid
	}
	if key != "" {
		wanted, err := a.findKey(key)
		if err != nil {
			return nil, nil, err
		}
		if wanted.ID != id {
			return nil, nil, refuse("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
		}
	}
	if used, err = a.useKey("kms:Decrypt", id, u); err != nil {
		return nil, nil, err
	}
	aead, err := used.cipher()
	if err != nil {
		return nil, nil, err
	}
	rest := blob[blobOverhead:]
	if len(rest) < aead.NonceSize() {
		return nil, nil, invalid
	}
	nonce, sealed := rest[:aead.NonceSize()], rest[aead.NonceSize():]
	if plain, err = aead.Open(nil, nonce, sealed, used.bound(u.Context)); err != nil {
		return nil, nil, invalid
	}
	return plain, used, nil
}

// useKey finds a key that may be used: it is not being deleted, and both its
// policy and those of the caller's role let the caller.
func (a *Account) useKey(action, key string, u KeyUse) (*Key, error) {
	k, err := a.findKey(key)
	if err != nil {
		return nil, err
	}
	context := map[string][]string{"kms:CallerAccount": {a.opts.AccountID}}
	for name, value := range u.Context {
		context["kms:EncryptionContext:"+name] = []string{value}
	}
	if len(u.Context) > 0 {
		context["kms:EncryptionContextKeys"] = slices.Sorted(maps.Keys(u.Context))
	}
	if u.Via != "" {
		context["kms:ViaService"] = []string{u.Via}
	}
	if err := a.Authorize(u.By, action, k.ARN, context); err != nil {
		return nil, err
	}
	if k.PendingDeletion {
		return nil, pendingDeletion(k)
	}
	return k, nil
}

// findKey finds a key by its id, its ARN, or the name or ARN of an alias.
func (a *Account) findKey(name string) (*Key, error) {
	id := strings.TrimPrefix(strings.TrimPrefix(name, a.arn("kms", "key/")), a.arn("kms", ""))
	if strings.HasPrefix(id, "alias/") {
		x, err := a.Alias(id)
		if err != nil {
			return nil, refuse(keyNotFound, "Alias %s is not found.", a.arn("kms", id))
		}
		id = x.TargetKeyARN[strings.LastIndex(x.TargetKeyARN, "/")+1:]
	}
	k, err := keys.lookup(a, id)
	if err != nil {
		return nil, refuse(keyNotFound, "Key '%s' does not exist", a.arn("kms", "key/"+id))
	}
	return k, nil
}

func (k *Key) cipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.Material)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (k *Key) seal(plain []byte, context map[string]string) ([]byte, error) {
	aead, err := k.cipher()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	blob := slices.Concat([]byte{blobVersion}, []byte(k.ID), nonce)
	return aead.Seal(blob, nonce, plain, k.bound(context)), nil
}

// bound is what a ciphertext is bound to beside the key's material.
func (k *Key) bound(context map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString(k.ID)
	_ = json.NewEncoder(&b).Encode(context) // sorted by key; text always encodes
	return b.Bytes()
}

// MayEncrypt refuses a caller who may not use the key of a bucket, as S3 does
// when an object is written there.
func (a *Account) MayEncrypt(by Principal, bucket string) error {
	key := a.KeyOfBucket(bucket)
	if key == "" {
		return nil
	}
	_, err := a.useKey("kms:GenerateDataKey", key, a.bucketKeyUse(by, bucket))
	return asS3Refuses(err)
}

// MayDecrypt refuses a caller who may not use the key of an object.
func (a *Account) MayDecrypt(by Principal, o *Object) error {
	if o.KMSKey == "" {
		return nil
	}
	_, err := a.useKey("kms:Decrypt", o.KMSKey, a.bucketKeyUse(by, o.Bucket))
	return asS3Refuses(err)
}

// bucketKeyUse is how S3 uses a key for a bucket that has a bucket key.
func (a *Account) bucketKeyUse(by Principal, bucket string) KeyUse {
	return KeyUse{By: by, Via: "s3." + a.opts.Region + ".amazonaws.com", Context: map[string]string{"aws:s3:arn": "arn:aws:s3:::" + bucket}}
}

// asS3Refuses words KMS's refusal as S3 does.
func asS3Refuses(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Code == keyNotFound {
		return refuse("KMS."+keyNotFound, "%s", e.Message)
	}
	return err
}
