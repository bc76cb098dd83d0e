package wire

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// s3Parameters are the parameters that each call of S3 may have, by its method
// and whether it names an object.
var s3Parameters = map[bool][]string{
	true:  {"x-id"},
	false: {"list-type", "prefix", "max-keys", "continuation-token"},
}

var noSuchBucket = &cloud.Error{Code: "NoSuchBucket", Message: "The specified bucket does not exist", Status: 404}

// s3 answers GetObject, HeadObject, PutObject and ListObjectsV2, addressed by path
// or by host.
func (s *Server) s3(w http.ResponseWriter, c call) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.URL.Path, "/"), "/")
	if host, _, ok := strings.Cut(c.Host, ".s3."); ok {
		bucket, key = host, strings.TrimPrefix(c.URL.Path, "/")
	}
	query := c.URL.Query()
	for name := range query {
		if !slices.Contains(s3Parameters[key != ""], name) {
			fail(w, c.service, &cloud.Error{Code: "NotImplemented", Message: "the simulator does not model the parameter " + name, Status: 501})
			return
		}
	}
	var err error
	switch {
	case key != "" && (c.Method == http.MethodGet || c.Method == http.MethodHead):
		err = s.getObject(w, c, bucket, key)
	case key != "" && c.Method == http.MethodPut:
		err = s.putObject(w, c, bucket, key)
	case bucket != "" && key == "" && c.Method == http.MethodGet && query.Get("list-type") == "2":
		err = s.listObjects(w, c, bucket, query)
	default:
		err = &cloud.Error{Code: "NotImplemented", Message: "the simulator answers GetObject, HeadObject, PutObject and ListObjectsV2 only", Status: 501}
	}
	if err != nil {
		fail(w, c.service, err)
	}
}

func (s *Server) getObject(w http.ResponseWriter, c call, bucket, key string) error {
	if err := s.account.Authorize(c.who, "s3:GetObject", "arn:aws:s3:::"+bucket+"/"+key, nil); err != nil {
		return err
	}
	if _, err := s.account.Bucket(bucket); err != nil {
		return noSuchBucket
	}
	o, err := s.account.Object(bucket, key)
	if err != nil {
		// Who may not list the bucket is not told what is not in it.
		if err := s.account.Authorize(c.who, "s3:ListBucket", "arn:aws:s3:::"+bucket, map[string][]string{"s3:prefix": {key}}); err != nil {
			return err
		}
		return &cloud.Error{Code: "NoSuchKey", Message: "The specified key does not exist.", Status: 404}
	}
	f, err := s.account.OpenObject(o)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", o.ContentType)
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	http.ServeContent(w, c.Request, "", o.Modified, f)
	return nil
}

func (s *Server) putObject(w http.ResponseWriter, c call, bucket, key string) error {
	if c.Header.Get("If-None-Match")+c.Header.Get("If-Match")+c.Header.Get("X-Amz-Copy-Source")+c.Header.Get("Content-Encoding") != "" {
		return &cloud.Error{Code: "NotImplemented", Message: "the simulator does not model conditions, copies and encodings of PutObject", Status: 501}
	}
	if err := s.account.Authorize(c.who, "s3:PutObject", "arn:aws:s3:::"+bucket+"/"+key, nil); err != nil {
		return err
	}
	o := &cloud.Object{Bucket: bucket, Key: key, ContentType: c.Header.Get("Content-Type")}
	if err := s.account.PutObject(o, bytes.NewReader(c.body)); err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	return nil
}

// listObjects answers with all that there is at once, as there are never a
// thousand.
func (s *Server) listObjects(w http.ResponseWriter, c call, bucket string, query url.Values) error {
	prefix := query.Get("prefix")
	if err := s.account.Authorize(c.who, "s3:ListBucket", "arn:aws:s3:::"+bucket, map[string][]string{"s3:prefix": {prefix}}); err != nil {
		return err
	}
	if _, err := s.account.Bucket(bucket); err != nil {
		return noSuchBucket
	}
	type content struct {
		Key, LastModified, ETag, StorageClass string
		Size                                  int64
	}
	out := struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix string
		KeyCount     int
		MaxKeys      int
		IsTruncated  bool
		Contents     []content
	}{Name: bucket, Prefix: prefix, MaxKeys: 1000}
	for _, o := range s.account.Objects(bucket, prefix) {
		size, err := s.account.ObjectSize(o)
		if err != nil {
			return err
		}
		out.Contents = append(out.Contents, content{
			Key: o.Key, LastModified: o.Modified.UTC().Format("2006-01-02T15:04:05.000Z"), ETag: `"` + o.ETag + `"`,
			StorageClass: o.StorageClass, Size: size,
		})
	}
	if out.KeyCount = len(out.Contents); out.KeyCount > out.MaxKeys || query.Has("max-keys") || query.Has("continuation-token") {
		return &cloud.Error{Code: "NotImplemented", Message: "the simulator does not list objects page by page", Status: 501}
	}
	answer(w, http.StatusOK, out)
	return nil
}
