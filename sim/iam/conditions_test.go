package iam_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func TestConditionsHoldAsTheirOperatorsSay(t *testing.T) {
	one := func(v string) map[string][]string { return map[string][]string{"k:a": {v}} }
	absent := map[string][]string{}
	several := func(v ...string) map[string][]string { return map[string][]string{"k:a": v} }
	for _, c := range []struct {
		operator, values string
		context          map[string][]string
		want             bool
	}{
		{"StringEquals", `"x"`, one("x"), true},
		{"StringEquals", `["y","x"]`, one("x"), true},
		{"StringEquals", `"x"`, one("X"), false},
		{"StringEquals", `"x*"`, one("xy"), false},
		{"StringEquals", `"x*"`, one("x*"), true},
		{"StringEquals", `"x"`, absent, false},
		{"StringEqualsIfExists", `"x"`, absent, true},
		{"StringEqualsIfExists", `"x"`, one("y"), false},
		{"StringNotEquals", `"x"`, one("y"), true},
		{"StringNotEquals", `["y","x"]`, one("y"), false},
		{"StringNotEquals", `"x"`, absent, true},
		{"StringNotEqualsIfExists", `"x"`, one("x"), false},
		{"StringEqualsIgnoreCase", `"x"`, one("X"), true},
		{"StringNotEqualsIgnoreCase", `"x"`, one("X"), false},
		{"StringNotEqualsIgnoreCase", `"x"`, one("y"), true},
		{"StringLike", `"repo:o/r:*"`, one("repo:o/r:ref:refs/heads/main"), true},
		{"StringLike", `"v?"`, one("v1"), true},
		{"StringLike", `"v?"`, one("v12"), false},
		{"StringLikeIfExists", `"v?"`, absent, true},
		{"StringNotLike", `"v*"`, one("v1"), false},
		{"StringNotLike", `"v*"`, one("w1"), true},
		{"ArnEquals", `"arn:aws:ec2:*:123456789012:instance/i-*"`, one("arn:aws:ec2:us-west-2:123456789012:instance/i-1"), true},
		{"ArnLike", `"arn:aws:sns:*:*:x"`, one("arn:aws:sns:r:1:x"), true},
		{"ArnLike", `"arn:aws:s3:*:x"`, one("arn:aws:s3:::x"), false},
		{"ArnLike", `"arn:aws:iam::1:role/*"`, one("arn:aws:iam::1:role/a:b"), true},
		{"ArnLike", `"*"`, one("arn:aws:iam::1:role/a"), false},
		{"ArnLike", `"arn:*"`, one("not an arn"), false},
		{"ArnNotEquals", `"arn:aws:sns:*:*:x"`, one("arn:aws:sns:r:1:y"), true},
		{"ArnNotLike", `"arn:aws:sns:*:*:x"`, one("arn:aws:sns:r:1:x"), false},
		{"ArnLikeIfExists", `"arn:aws:sns:*:*:x"`, absent, true},
		{"Bool", `"true"`, one("true"), true},
		{"Bool", `true`, one("True"), true},
		{"Bool", `"false"`, one("true"), false},
		{"Bool", `"false"`, absent, false},
		{"BoolIfExists", `"true"`, absent, true},
		{"IpAddress", `["10.0.0.0/8","192.0.2.1"]`, one("10.1.2.3"), true},
		{"IpAddress", `["10.0.0.0/8","192.0.2.1"]`, one("192.0.2.1"), true},
		{"IpAddress", `"10.0.0.0/8"`, one("11.0.0.1"), false},
		{"IpAddress", `"10.0.0.0/8"`, one("no address"), false},
		{"IpAddress", `"nonsense"`, one("10.0.0.1"), false},
		{"NotIpAddress", `"10.0.0.0/8"`, one("11.0.0.1"), true},
		{"NotIpAddress", `"10.0.0.0/8"`, one("10.0.0.1"), false},
		{"IpAddressIfExists", `"10.0.0.0/8"`, absent, true},
		{"Null", `"true"`, absent, true},
		{"Null", `"true"`, one("x"), false},
		{"Null", `"false"`, one("x"), true},
		{"Null", `"False"`, one("x"), true},
		{"Null", `"false"`, absent, false},
		{"Null", `"true"`, several(), true},
		{"ForAnyValue:StringEquals", `["a","b"]`, several("b", "c"), true},
		{"ForAnyValue:StringEquals", `["a","b"]`, several("c", "d"), false},
		{"ForAnyValue:StringEquals", `["a","b"]`, absent, false},
		{"ForAnyValue:StringLike", `"lab*"`, several("x", "lablink"), true},
		{"ForAnyValue:StringNotEquals", `["a","b"]`, several("a", "c"), true},
		{"ForAnyValue:StringNotEquals", `["a","b"]`, several("a", "b"), false},
		{"ForAnyValue:StringNotEquals", `["a","b"]`, absent, false},
		{"ForAllValues:StringEquals", `["a","b"]`, several("a", "b"), true},
		{"ForAllValues:StringEquals", `["a","b"]`, several("a", "c"), false},
		{"ForAllValues:StringEquals", `["a","b"]`, absent, true},
		{"ForAllValues:StringLike", `"lab*"`, several("lablink", "labels"), true},
		{"ForAllValues:StringNotLike", `"lab*"`, several("x", "labels"), false},
		{"StringEquals", `"${k:b}"`, map[string][]string{"k:a": {"x"}, "k:b": {"x"}}, true},
		{"StringEquals", `"${k:b}"`, one("${k:b}"), false},
		{"StringLike", `"${k:b}"`, map[string][]string{"k:a": {"x"}, "k:b": {"*"}}, false},
	} {
		t.Run(c.operator, func(t *testing.T) {
			d := document(t, iam.Identity, `{"Effect":"Allow","Action":"x:Y","Resource":"*","Condition":{"`+c.operator+`":{"K:A":`+c.values+`}}}`)
			got := iam.Evaluate(iam.Request{Action: "x:Y", Resource: "*", Context: c.context}, d)
			require.Equal(t, c.want, got == iam.Allowed, "%s %s over %v", c.operator, c.values, c.context)
		})
	}
}

func TestAllConditionsOfAStatementMustHold(t *testing.T) {
	d := document(t, iam.Identity, `{"Effect":"Allow","Action":"x:Y","Resource":"*","Condition":{
		"StringEquals":{"k:a":"1","k:b":"2"},"Bool":{"k:c":"true"}}}`)
	for _, c := range []struct {
		a, b, c string
		want    iam.Decision
	}{
		{"1", "2", "true", iam.Allowed}, {"0", "2", "true", iam.Implicit}, {"1", "0", "true", iam.Implicit}, {"1", "2", "false", iam.Implicit},
	} {
		context := map[string][]string{"k:a": {c.a}, "k:b": {c.b}, "k:c": {c.c}}
		require.Equal(t, c.want, iam.Evaluate(iam.Request{Action: "x:Y", Resource: "*", Context: context}, d), "%v", context)
	}
}
