package provider

import (
	"fmt"
	"io"
	"regexp"
)

// readable are the types of content that pulumi-aws shows of an object.
var readable = regexp.MustCompile(`^text/|^application/json$`)

// objectOf reads an object, and what is in it where that is text.
func objectOf(a *account, in values) (values, error) {
	bucket, key := fmt.Sprint(in["bucket"]), fmt.Sprint(in["key"])
	for name := range in {
		if name != "bucket" && name != "key" {
			return nil, fmt.Errorf("the simulator does not model %s of an object that is looked up", name)
		}
	}
	o, err := a.Object(bucket, key)
	if err != nil {
		return nil, fmt.Errorf("reading S3 Bucket (%s) Object (%s): couldn't find resource", bucket, key)
	}
	out := values{
		"id": bucket + "/" + key, "bucket": bucket, "key": key, "arn": o.ARN, "etag": o.ETag, "contentType": o.ContentType,
		"serverSideEncryption": o.ServerSideEncryption, "storageClass": o.StorageClass, "lastModified": o.Modified.Format("Mon, 02 Jan 2006 15:04:05 GMT"),
		"body": "",
	}
	f, err := a.OpenObject(o)
	if err != nil {
		return nil, fmt.Errorf("reading S3 Bucket (%s) Object (%s): %w", bucket, key, err)
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("reading S3 Bucket (%s) Object (%s): %w", bucket, key, err)
	}
	out["contentLength"] = len(raw)
	if readable.MatchString(o.ContentType) {
		out["body"] = string(raw)
	}
	return out, nil
}
