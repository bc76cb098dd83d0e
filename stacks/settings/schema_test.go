package settings_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	describe "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

var update = flag.Bool("update", false, "write the schema and the table of settings anew")

const schemaFile = "../schema.json"

// schemaOf describes the settings by their types, comments and tags.
func schemaOf(t *testing.T) *describe.Schema {
	t.Helper()
	r := &describe.Reflector{DoNotReference: true, Anonymous: true, RequiredFromJSONSchemaTags: true}
	require.NoError(t, r.AddGoComments("github.com/talmolab/lablink-infrastructure/stacks/settings", ".", describe.WithFullComment()))
	s := r.Reflect(&settings.Settings{})
	s.Version, s.Title, s.Description = "", "", ""
	addTags(t, s, reflect.TypeFor[settings.Settings]())
	return s
}

// addTags adds what the tags default and enum say.
func addTags(t *testing.T, s *describe.Schema, typ reflect.Type) {
	t.Helper()
	for _, f := range reflect.VisibleFields(typ) {
		name := f.Tag.Get("json")
		if name == "-" {
			continue
		}
		p, ok := s.Properties.Get(name)
		require.True(t, ok, name)
		if choices, ok := f.Tag.Lookup("enum"); ok {
			for choice := range strings.SplitSeq(choices, ",") {
				p.Enum = append(p.Enum, choice)
			}
		}
		if value, ok := f.Tag.Lookup("default"); ok {
			p.Default = value
			if p.Type != "string" {
				p.Default = json.RawMessage(value)
			}
		}
		switch inner := f.Type; inner.Kind() {
		case reflect.Struct:
			addTags(t, p, inner)
		case reflect.Slice:
			if inner.Elem().Kind() == reflect.Struct {
				addTags(t, p.Items, inner.Elem())
			}
		}
	}
}

// stackFileSchema is the schema of a whole Pulumi.STACK.yaml.
func stackFileSchema(t *testing.T) []byte {
	t.Helper()
	own := map[string]any{"aws:region": map[string]any{"type": "string", "description": "The Region, with two zones or more."}}
	s := schemaOf(t)
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		own["lablink:"+p.Key] = p.Value
	}
	secret := map[string]any{"type": "object", "required": []string{"secure"}}
	own["lablink:adminPassword"] = secret
	own["cloudflare:apiToken"] = secret
	raw, err := json.MarshalIndent(map[string]any{
		"$schema": describe.Version, "title": "A stack of LabLink: Pulumi.STACK.yaml", "type": "object",
		"properties": map[string]any{"config": map[string]any{
			"type": "object", "properties": own, "patternProperties": map[string]any{"^(aws|cloudflare|pulumi):": map[string]any{}},
			"additionalProperties": false,
		}},
	}, "", "  ")
	require.NoError(t, err)
	return append(raw, '\n')
}

func TestTheSchemaIsThatOfTheSettings(t *testing.T) {
	golden(t, schemaFile, stackFileSchema(t))
}

func TestEveryStackFileFitsTheSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	schema, err := c.Compile(schemaFile)
	require.NoError(t, err)
	files, err := filepath.Glob("../../Pulumi.*.yaml")
	require.NoError(t, err)
	templates, err := filepath.Glob("../templates/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 4)
	require.GreaterOrEqual(t, len(templates), 9)
	for _, name := range append(files, templates...) {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		var doc any
		require.NoError(t, yaml.Unmarshal(raw, &doc), name)
		assert.NoError(t, schema.Validate(doc), name)
	}
	for _, wrong := range []string{
		"config: {lablink:deploymnt: lab}", "config: {lablink:network: {cidr: 7}}", "config: {lablink:tls: {mode: self-signed}}",
		"config: {lablink:adminPassword: hunter2hunter2}",
	} {
		var doc any
		require.NoError(t, yaml.Unmarshal([]byte(wrong), &doc))
		assert.Error(t, schema.Validate(doc), wrong)
	}
}

func TestTheTableOfSettingsIsThatOfTheSettings(t *testing.T) {
	const file, begin, end = "../../docs/configuration.md", "<!-- The settings: go test ./stacks/settings -update -->\n", "<!-- The end of the settings. -->\n"
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(raw), begin)
	require.True(t, ok, "%s has no place for the table", file)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s has no end of the table", file)
	table := "\n| key | type | default | meaning and rule |\n|---|---|---|---|\n" + rows("", schemaOf(t)) + "\n"
	golden(t, file, []byte(before+begin+table+end+after))
}

// rows are the lines of the table, for a schema and what is in it.
func rows(path string, s *describe.Schema) string {
	var b strings.Builder
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		key, value := path+p.Key, p.Value
		typ := map[string]string{"string": "text", "boolean": "true or false", "integer": "number", "number": "number", "array": "list of text", "object": "object"}[value.Type]
		inner := value
		if value.Type == "array" && value.Items.Properties != nil {
			typ, inner, key = "list", value.Items, key+"[]"
		}
		fallback := ""
		if value.Default != nil {
			fallback = fmt.Sprintf("`%s`", strings.Trim(jsonText(value.Default), `"`))
		}
		meaning := strings.ReplaceAll(value.Description, "\n", " ")
		if len(value.Enum) > 0 {
			var choices []string
			for _, c := range value.Enum {
				choices = append(choices, "`"+fmt.Sprint(c)+"`")
			}
			meaning = strings.Join(choices, ", ") + ". " + meaning
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key, typ, fallback, meaning)
		if inner.Properties != nil && inner.Properties.Len() > 0 {
			b.WriteString(rows(key+".", inner))
		}
	}
	return b.String()
}

func jsonText(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return strconv.Quote(err.Error())
	}
	return string(raw)
}

// golden compares a generated file with what is committed.
func golden(t *testing.T, name string, want []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(name, want, 0o644))
	}
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got), "%s is stale: go test ./stacks/settings -update", name)
}
