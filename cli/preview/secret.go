package preview

import (
	"regexp"
	"strings"
)

// How the engine marks what is secret, and what is known after the deployment only
// (sdk/go/common/resource: SigKey, and the sentinels of plugin.MarshalProperties).
const (
	mark    = "4dabf18193072939515e22adb298388d"
	secret  = "[secret]"
	unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
)

// hidden is a copy of properties without their secrets.
func hidden(properties map[string]any) map[string]any {
	out := make(map[string]any, len(properties))
	for k, v := range properties {
		out[k] = hide(v)
	}
	return out
}

func hide(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v[mark] == "1b47061264138c4ac30d75fd1eb44270" {
			return secret
		}
		return hidden(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = hide(e)
		}
		return out
	case string:
		return mask(v)
	}
	return v
}

// looks are what secrets look like that nobody has marked.
var looks = regexp.MustCompile(strings.Join([]string{
	`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`,
	`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
	`\bgh[pousr]_[A-Za-z0-9]{20,}`, `\bgithub_pat_[A-Za-z0-9_]{20,}`,
	`\$argon2id?\$\S+`,
	`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*`,
}, "|"))

// named is a value that its name says is secret, in a line of text.
var named = regexp.MustCompile(`(?i)\b((?:[a-z0-9_.-]*(?:password|passwd|secret|token|apikey|api_key))["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)`)

// within are the credentials in a URL.
var within = regexp.MustCompile(`([a-z][a-z0-9+.-]*://)[^/\s:@]+:[^/\s@]+@`)

// mask leaves out of a text what looks like a secret.
func mask(text string) string {
	return within.ReplaceAllString(looks.ReplaceAllString(text, secret), "$1"+secret+"@")
}

// tidy is a message as it is shown: without secrets, and without what the engine
// and the language host put around it.
func tidy(message string) string {
	message = named.ReplaceAllString(mask(strings.TrimSpace(message)), "$1"+secret)
	for _, before := range []string{"error: ", "warning: ", "an unhandled error occurred: ", "program failed: "} {
		message = strings.TrimSpace(strings.TrimPrefix(message, before))
	}
	message = strings.TrimSpace(strings.TrimPrefix(message, "1 error occurred:\n\t* "))
	if strings.Contains(message, "marked for protection") {
		verb := "replace"
		if strings.HasPrefix(message, "unable to delete") {
			verb = "delete"
		}
		return "is protected, and this change would " + verb + " it: the stack cannot be deployed like this. Take the change back, or lift the protection on purpose with `lablink unprotect`."
	}
	return message
}
