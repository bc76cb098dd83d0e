package recording_test

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// thing is a resource of a type that nobody knows.
type thing struct{ pulumi.CustomResourceState }

func declare(ctx *pulumi.Context, name string, inputs pulumi.Map, opts ...pulumi.ResourceOption) (*thing, error) {
	t := &thing{}
	return t, ctx.RegisterResource("test:index:Thing", name, inputs, t, opts...)
}

func TestEverythingThatIsRegisteredIsKept(t *testing.T) {
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		first, err := declare(ctx, "b", pulumi.Map{"list": pulumi.StringArray{pulumi.String("x")}}, pulumi.Protect(true))
		if err != nil {
			return err
		}
		_, err = declare(ctx, "a", pulumi.Map{
			"id": first.ID(), "inner": pulumi.Map{"secret": pulumi.ToSecret("hidden")}, "top": pulumi.ToSecret("hidden"),
		}, pulumi.Parent(first), pulumi.DependsOn([]pulumi.Resource{first}), pulumi.RetainOnDelete(true), pulumi.IgnoreChanges([]string{"top"}))
		ctx.Export("plain", pulumi.String("seen"))
		ctx.Export("secret", pulumi.ToSecret(first.ID()))
		return errors.Join(err, ctx.Log.Warn("beware", nil))
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, r.Names(), "by name")
	a, b := r.Named("a"), r.Named("b")
	assert.Equal(t, "b-id", a.Text("id"), "ids are made up from names")
	assert.Equal(t, "hidden", a.Text("inner.secret"), "secrets can be read")
	assert.True(t, a.Secret("top"))
	assert.False(t, a.Secret("id"))
	assert.Equal(t, "x", b.Text("list[0]"))
	assert.Nil(t, b.Get("list[1]"))
	assert.Equal(t, "b", a.Parent)
	assert.Equal(t, []string{"b"}, a.DependsOn)
	assert.Equal(t, []string{"top"}, a.IgnoreChanges)
	assert.Equal(t, []bool{true, true}, []bool{a.Protect, b.Protect}, "what is inside something protected is, too")
	assert.Equal(t, []bool{true, false}, []bool{a.RetainOnDelete, b.RetainOnDelete})
	assert.Equal(t, []string{"beware"}, r.Warnings)
	assert.Equal(t, map[string]recording.Output{"plain": {Value: "seen"}, "secret": {Value: pulumi.ID("b-id"), Secret: true}}, r.Outputs)
	assert.Len(t, r.Of("test:index:Thing"), 2)
	assert.Equal(t, "test", r.Stack)
}

func TestTheIDOfWhatIsPlannedIsUnknownInAPreview(t *testing.T) {
	account := recording.Account{Planned: []string{"new"}}
	r, err := recording.Run("test", account, func(ctx *pulumi.Context) error {
		for _, name := range []string{"new", "old"} {
			first, err := declare(ctx, name, nil)
			if err != nil {
				return err
			}
			if _, err := declare(ctx, "after-"+name, pulumi.Map{"id": first.ID()}); err != nil {
				return err
			}
		}
		return nil
	}, recording.Preview)
	require.NoError(t, err)
	assert.NotContains(t, r.Named("after-new").Inputs, resource.PropertyKey("id"), "what is unknown is left out")
	assert.Equal(t, "old-id", r.Named("after-old").Text("id"))
}

func TestAnErrorEndsTheRunAndKeepsWhatCameBefore(t *testing.T) {
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		if _, err := declare(ctx, "first", nil); err != nil {
			return err
		}
		return errors.New("no more")
	})
	assert.ErrorContains(t, err, "no more")
	assert.Equal(t, []string{"first"}, r.Names())
}

func TestWhatTheAccountDoesNotHaveIsNotFound(t *testing.T) {
	_, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		_, err := pulumi.NewStackReference(ctx, "organization/lablink/account", nil)
		return err
	})
	assert.ErrorContains(t, err, `"organization/lablink/account"`)
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		return ctx.Invoke("aws:index/getSomething:getSomething", nil, &map[string]any{})
	})
	assert.ErrorContains(t, err, "no answer is known for the function aws:index/getSomething:getSomething")
	assert.Equal(t, []string{"aws:index/getSomething:getSomething"}, r.Calls)
}
