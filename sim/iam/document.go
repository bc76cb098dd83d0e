package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Kind is where a document is attached, which decides what it must hold.
type Kind int

// The three kinds of document.
const (
	Identity Kind = iota // on a role: no principal, a resource
	Trust                // who may assume a role: a principal, no resource
	Resource             // on a bucket or a key: a principal and a resource
)

// Document is a policy document.
type Document struct {
	Version   string
	ID        string `json:"Id"`
	Statement Statements
}

// Statements accepts one statement or a list of them.
type Statements []Statement

// Statement is one rule of a document.
type Statement struct {
	Sid          string
	Effect       string
	Action       Strings
	NotAction    Strings
	Resource     Strings
	NotResource  Strings
	Principal    *Principal
	NotPrincipal *Principal
	Condition    map[string]map[string]Strings
}

// Strings accepts one string or a list of them.
type Strings []string

// Principal is who a statement speaks of, by type; the type "*" is everybody.
type Principal map[string]Strings

// Parse reads a document and checks what IAM checks when it is attached. The
// error's text is IAM's.
func Parse(text string, kind Kind) (Document, error) {
	var d Document
	if err := checkKeys(text); err != nil {
		return d, fmt.Errorf("Syntax errors in policy. (%w)", err)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("Syntax errors in policy. (%w)", err)
	}
	return d, d.check(kind)
}

// checkKeys wants one JSON object without a key twice, of which JSON's readers
// keep one and say nothing. Keys are compared without case, as conditions are.
func checkKeys(text string) error {
	if !strings.HasPrefix(text, "{") {
		return errors.New("not a JSON object")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	if err := checkValue(dec); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the document")
	}
	return nil
}

func checkValue(dec *json.Decoder) error {
	token, err := dec.Token()
	open, composed := token.(json.Delim)
	if err != nil || !composed {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name := strings.ToLower(key.(string)) // an object's keys are strings
			if seen[name] {
				return fmt.Errorf("duplicate key %q", key)
			}
			seen[name] = true
		}
		if err := checkValue(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// UnmarshalJSON accepts a single statement as well as a list.
func (s *Statements) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '{' {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode((*[]Statement)(s))
}

// UnmarshalJSON accepts a string, a boolean or a list of strings.
func (s *Strings) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*s = Strings{one}
		return nil
	}
	var flag bool
	if json.Unmarshal(raw, &flag) == nil {
		*s = Strings{fmt.Sprint(flag)}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(s))
}

// UnmarshalJSON accepts "*" as well as an object by type.
func (p *Principal) UnmarshalJSON(raw []byte) error {
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil {
		if everybody != "*" {
			return fmt.Errorf("Invalid principal in policy: %q", everybody)
		}
		*p = Principal{"*": {"*"}}
		return nil
	}
	var byType map[string]Strings
	err := json.Unmarshal(raw, &byType)
	if _, ok := byType["*"]; ok {
		return errors.New(`Invalid principal in policy: "*"`)
	}
	*p = byType
	return err
}
