package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// liveInstance reads an instance; an ended one counts as gone.
func liveInstance(a *account, id string) (*cloud.Instance, error) {
	i, err := a.Instance(id)
	if err == nil && i.InstanceState == "terminated" {
		return nil, &cloud.Error{Code: "InvalidInstanceID.NotFound", Message: "The instance ID '" + id + "' does not exist", Status: 400}
	}
	if err == nil && len(i.VolumeTags) > 0 {
		i.VolumeTags = a.VolumeTags(id)
	}
	return i, err
}

// replacesInstance knows that user data replaces where the flag says so, and a
// type where its architecture is another one.
func replacesInstance(a *account, olds, news resource.PropertyMap) (replacing []string) {
	if flag := news["userDataReplaceOnChange"]; flag.IsBool() && flag.BoolValue() {
		replacing = append(replacing, "userData")
	}
	before, after := olds["instanceType"], news["instanceType"]
	if before.IsString() && after.IsString() {
		x, err := a.InstanceType(before.StringValue())
		y, other := a.InstanceType(after.StringValue())
		if err == nil && other == nil && x.Architecture != y.Architecture {
			replacing = append(replacing, "instanceType")
		}
	}
	return replacing
}

// endInstance terminates an instance and waits until it is, as the provider
// does. Protection against termination is switched off first, also as there.
func endInstance(a *account, id string) error {
	if err := a.Terminate([]string{id}, true); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if i, err := a.Instance(id); err != nil || i.InstanceState == "terminated" {
			tick.Stop()
			return nil
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return fmt.Errorf("waiting for instance %s to be terminated: %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}

// bucketSetting describes a sub-resource of a bucket.
func bucketSetting[T any, P interface {
	*T
	cloud.BucketSetting
}](inputs, outputs any,
) kind {
	at := func(bucket string) (P, error) {
		v, err := decode[T](resource.PropertyMap{"bucket": resource.NewStringProperty(bucket)}, nil)
		return P(v), err
	}
	return define(inputs, outputs, traits{Replace: []string{"bucket"}}, operations[T]{
		Create: func(a *account, v *T) error { return a.PutBucketSetting(P(v)) },
		Read: func(a *account, bucket string) (*T, error) {
			v, err := at(bucket)
			if err != nil {
				return nil, err
			}
			return v, a.BucketSetting(v)
		},
		Update: func(a *account, _ string, v *T) error { return a.PutBucketSetting(P(v)) },
		Delete: func(a *account, bucket string) error {
			v, err := at(bucket)
			if err != nil {
				return err
			}
			return a.DeleteBucketSetting(v)
		},
	})
}

// object is a bucket's object. Its id is the key alone, so that the bucket has
// to be taken from elsewhere: ids here carry both, and the key is what a
// deployment sees in its outputs.
var object = func() kind {
	k := define(s3.BucketObjectv2Args{}, s3.BucketObjectv2{}, traits{
		Replace: []string{"bucket", "key"}, Name: autoname{Property: "key", Exact: true},
		Content: []string{"source", "content"}, Changes: []string{"etag"},
		ImportID: func(_ *account, id string) string { return strings.TrimPrefix(id, "s3://") },
	}, operations[cloud.Object]{})
	put := func(a *account, in resource.PropertyMap) (string, error) {
		content, err := contentOf(in)
		if err != nil {
			return "", err
		}
		o, err := decode[cloud.Object](in, k.Content)
		if err != nil {
			return "", err
		}
		return o.Bucket + "/" + o.Key, a.PutObject(o, bytes.NewReader(content))
	}
	k.create = func(a *account, urn string, in resource.PropertyMap) (string, error) {
		id := in["bucket"].StringValue() + "/" + in["key"].StringValue()
		return put(a.Recording(urn, func() string { return id }), in)
	}
	k.update = func(a *account, _ string, in resource.PropertyMap) error {
		_, err := put(a, in)
		return err
	}
	k.read = func(a *account, id string) (resource.PropertyMap, error) {
		bucket, key, _ := bytes.Cut([]byte(id), []byte("/"))
		o, err := a.Object(string(bucket), string(key))
		if err != nil {
			return nil, err
		}
		return k.show(o)
	}
	k.remove = func(a *account, id string) error {
		bucket, key, _ := bytes.Cut([]byte(id), []byte("/"))
		return a.DeleteObject(string(bucket), string(key))
	}
	return k
}()

func contentOf(in resource.PropertyMap) ([]byte, error) {
	source, content := in["source"], in["content"]
	switch {
	case content.IsSecret():
		return []byte(content.SecretValue().Element.StringValue()), nil
	case content.IsString():
		return []byte(content.StringValue()), nil
	case source.IsAsset():
		return source.AssetValue().Bytes()
	case source.IsNull() && content.IsNull():
		return nil, nil
	}
	return nil, errors.New("the simulator takes an object's contents from source (an asset) or content only")
}
